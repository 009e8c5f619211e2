"""The command as a process of its own: signals, pipes, terminals, full disks, exit statuses."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import FAST, read, snapshot, sound, write

import dap_stream

COMMAND = [sys.executable, "-m", "dap_stream"]
PATIENCE_S = 120.0  # only until something must have happened; nothing is asserted about time


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def run(*argv: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *argv], capture_output=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def wav_bytes(seconds: float = 1.0, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, sound(seconds).T, 16000, subtype, format="WAV")
    return file.getvalue()


def wait_for(condition: object) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it should have happened by now"
        time.sleep(0.02)


# ---------------------------------------------------------------- exit statuses


@pytest.mark.parametrize(
    ("argv", "status"),
    [
        (["denoise", "a.wav", *FAST], 0),
        (["denoise", "missing.wav"], 1),
        (["denoise", "a.wav", "missing.wav", *FAST], 1),
        (["denoise", "a.wav", "--wet", "2"], 2),
        (["nonsense"], 2),
    ],
)
def test_exit_status(argv: list[str], status: int) -> None:
    write(Path("a.wav"))
    result = run(*argv)
    assert result.returncode == status
    assert b"Traceback" not in result.stderr


def test_entry_point_is_the_same_program() -> None:
    script = Path(sys.executable).with_name("dap-stream")
    if not script.exists():
        pytest.skip("dap_stream is not installed in this environment")
    result = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"dap-stream {dap_stream.__version__}\n"


# ---------------------------------------------------------------- signals


@contextlib.contextmanager
def endless(*argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run whose input never ends: it has begun to write when a hidden file is there."""
    process = subprocess.Popen(
        [*COMMAND, "denoise", "-", *argv, *FAST],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(wav_bytes()[:20000])
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_leaves_nothing_behind(number: signal.Signals, status: int) -> None:
    Path("old.wav").write_text("old")
    before = snapshot(Path())
    with endless("-o", "old.wav", "--force", "--removed", "r.wav") as process:
        wait_for(lambda: len(list(Path().glob(".*.part"))) == 2)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == status
    assert err.decode() == f"dap-stream: stopped by {number.name}; nothing half-written is left\n"
    assert snapshot(Path()) == before


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_live_ends_with_a_whole_take_though_what_learns_is_held_up() -> None:
    """As by a busy machine, on which a look at the last seconds takes ten of its own."""
    write(Path("a.wav"), sound(60.0))
    process = subprocess.Popen(
        [*COMMAND, "live", "--simulate", "a.wav", "b.wav", "--real-time", "--no-ui", "--record", "r.wav"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_for(lambda: Path("r.wav").exists())
        learner = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        os.kill(learner, signal.SIGSTOP)
        wait_for(lambda: Path("r.wav").stat().st_size > 2 * 16000 * 4)  # a look was asked for meanwhile
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 143 and b"Traceback" not in err and b"error" not in out + err
    n_samples = read(Path("r.wav")).shape[1]
    assert n_samples > 2 * 16000 and read(Path("r_dry.wav")).shape[1] == n_samples
    assert read(Path("b.wav")).shape[1] >= n_samples
    assert not Path(f"/proc/{learner}").exists() and not list(Path().glob(".*.part"))


def test_a_second_ctrl_c_does_not_hinder_the_tidying_up() -> None:
    with endless("-o", "b.wav", "--removed", "r.wav") as process:
        wait_for(lambda: len(list(Path().glob(".*.part"))) == 2)
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130 and not list(Path().iterdir())


def test_ctrl_c_while_it_learns() -> None:
    write(Path("a.wav"), sound(5.0))
    process = subprocess.Popen(
        [*COMMAND, "denoise", "a.wav", "--steps", "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: list(Path().glob(".*.part")))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130 and b"Traceback" not in err
    assert list(snapshot(Path())) == ["a.wav"]


# ---------------------------------------------------------------- disks


def test_full_disk() -> None:
    write(Path("a.wav"), sound(60.0))
    write(Path("b.flac"), sound(60.0))
    disk = Path("disk")
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("a disk of 64 kB needs the right to mount; test_file_too_large covers the rest")
    try:
        early = run("denoise", "a.wav", "-o", "disk/b.wav", *FAST)
        late = run("denoise", "b.flac", "-o", "disk/b.flac", *FAST)  # how long it gets is not known before
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)
    assert (early.returncode, late.returncode) == (1, 1)
    assert b"needs 1.9 MB, and the disk has 0.1 MB left" in early.stderr and early.stderr.count(b"\n") == 1
    assert b"writing failed (No space left on device)" in late.stderr and late.stderr.count(b"\n") == 1


def test_file_too_large() -> None:
    write(Path("a.wav"), sound(20.0))
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
    code = f"{limited} from dap_stream.cli.main import main; sys.exit(main(sys.argv[1:]))"
    argv = [sys.executable, "-c", code, "denoise", "a.wav", *FAST]
    assert run("denoise", "a.wav", *FAST).returncode == 0, "kernels are kept in files too: before the limit"
    Path("a_clean.wav").unlink()
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "writing failed (File too large)" in result.stderr and result.stderr.count("\n") == 1
    assert list(snapshot(Path())) == ["a.wav"]


# ---------------------------------------------------------------- pipes


@pytest.mark.parametrize("options", [FAST, ("--steps", "3")])
def test_a_pipeline_gives_what_a_single_pass_over_the_file_gives(options: tuple[str, ...]) -> None:
    Path("a.wav").write_bytes(wav_bytes(3.0, "PCM_24"))
    piped = run("denoise", "-", "-", *options, input=Path("a.wav").read_bytes())
    assert piped.returncode == 0 and b"(pipe) -> (pipe): 0:03" in piped.stderr
    assert run("denoise", "a.wav", "--passes", "1", *options).returncode == 0
    result, sample_rate = soundfile.read(io.BytesIO(piped.stdout), always_2d=True)
    np.testing.assert_array_equal(result.T, read(Path("a_clean.wav")))
    assert sample_rate == 16000 and soundfile.info(io.BytesIO(piped.stdout)).subtype == "PCM_24"


def test_raw_in_and_out() -> None:
    audio = sound(0.5, 48000, 2).astype("<f4")
    options = ("--raw", "f32le:48000:2", "--wet", "0", *FAST)
    result = run("denoise", "-", "-", *options, input=audio.T.tobytes())
    np.testing.assert_array_equal(np.frombuffer(result.stdout, "<f4").reshape(-1, 2).T, audio)
    result = run("denoise", "-", "-o", "b.wav", "--removed", "r.wav", *options, input=audio.T.tobytes())
    assert result.returncode == 0 and result.stdout.startswith(b"(pipe) -> b.wav")
    np.testing.assert_array_equal(read(Path("b.wav"), "float32"), audio)
    assert soundfile.info("b.wav").subtype == "FLOAT" and not read(Path("r.wav")).any()
    result = run("denoise", "b.wav", "-", *options)
    assert result.stdout == audio.T.tobytes()


def test_json_of_a_pipe_goes_to_standard_error() -> None:
    result = run("denoise", "-", "--json", *FAST, input=wav_bytes())
    assert result.stdout[:4] == b"RIFF" and result.stderr.startswith(b'{"input": "-", "output": "-"')


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    write(Path("a.wav"), sound(60.0))
    command = " ".join([*COMMAND, "denoise", "a.wav", "-", *FAST])
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 100 >/dev/null"],
        capture_output=True,
        check=False,
    )
    assert result.returncode == 1 and result.stderr.count(b"\n") == 1
    assert b"standard output: the program that reads it has ended" in result.stderr
    listing = " ".join([*COMMAND, "presets", "--keys"])
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {listing} | true"], capture_output=True, check=False
    )
    assert result.stderr == b"" and result.returncode in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_text_that_cannot_be_written() -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run([*COMMAND, "presets"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1
    assert result.stderr == b"dap-stream: error: No space left on device\n"


@pytest.mark.parametrize(
    ("data", "options", "text"),
    [
        (b"", (), "is not a WAV stream"),
        (
            b"no audio at all, but some bytes of it" * 9,
            (),
            "send WAV, or name the raw format",
        ),
        (wav_bytes()[:3000], (), "truncated: 0.092 s of 1.000 s came"),
        (wav_bytes()[:44], (), "holds no samples"),
        (b"", ("--raw", "s16le:16000:1"), "holds no samples"),
        (bytes(4801), ("--raw", "s16le:16000:1"), "ends within a sample"),
    ],
)
def test_bad_pipes(data: bytes, options: tuple[str, ...], text: str) -> None:
    result = run("denoise", "-", "-o", "b.wav", *options, *FAST, input=data)
    assert result.returncode == 1 and text in result.stderr.decode()
    assert result.stderr.count(b"\n") == 1 and list(Path().iterdir()) == []


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
@pytest.mark.parametrize(
    ("to", "back", "raw"),
    [
        ("-f f32le", "-f f32le -ar 16000 -ac 1", "--raw f32le:16000:1"),
        ("-f s16le", "-f s16le -ar 16000 -ac 1", "--raw s16le:16000:1"),
        ("-f wav", "-f wav", ""),
    ],
)
def test_between_two_ffmpegs(to: str, back: str, raw: str) -> None:
    write(Path("a.wav"), sound(2.0))
    ours = " ".join([*COMMAND, "denoise", "-", "-", raw, "--wet", "0", *FAST])
    ffmpeg = "ffmpeg -hide_banner -loglevel error"
    line = f"set -o pipefail; {ffmpeg} -nostdin -i a.wav {to} - | {ours} | {ffmpeg} {back} -i - b.flac"
    result = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    np.testing.assert_array_equal(read(Path("b.flac")), read(Path("a.wav")))


# ---------------------------------------------------------------- terminals


def on_a_terminal(*argv: str, terminal: str = "stderr") -> tuple[int, str]:
    """Exit status and what a terminal that is standard error (or input, output) shows."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    ends = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen([*COMMAND, *argv], **{**ends, terminal: theirs})  # type: ignore[call-overload]
    os.close(theirs)
    shown = bytearray()
    with contextlib.suppress(OSError):  # Linux: the other end is gone
        while data := os.read(ours, 65536):
            shown += data
    rest, _ = process.communicate(timeout=PATIENCE_S)
    os.close(ours)
    return process.returncode, (bytes(shown) + (rest or b"")).decode()


def test_progress_on_a_terminal() -> None:
    write(Path("a.wav"), sound(10.0))
    status, shown = on_a_terminal("denoise", "a.wav", "--steps", "12", "--quality", "fast")
    assert status == 0
    assert "a.wav: learning" in shown and "a.wav: cleaning" in shown
    assert "10 s of audio, " in shown and " left" in shown and " dB" in shown
    assert "a.wav -> a_clean.wav" in shown
    assert on_a_terminal("denoise", "a.wav", "--force", "-q", *FAST) == (0, "")


def test_no_progress_where_there_is_no_terminal() -> None:
    write(Path("a.wav"), sound(3.0))
    assert run("denoise", "a.wav", *FAST).stderr == b""


def test_audio_is_not_poured_over_a_terminal() -> None:
    write(Path("a.wav"))
    status, shown = on_a_terminal("denoise", "a.wav", "-", *FAST, terminal="stdout")
    assert (
        status == 2
        and shown
        == "dap-stream: error: standard output is a terminal; pipe it on, or name a file with -o\r\n"
    )
    status, shown = on_a_terminal("denoise", "-", "-o", "b.wav", *FAST, terminal="stdin")
    assert status == 2 and "standard input is a terminal" in shown


def test_names_that_are_no_text() -> None:
    name = os.fsdecode(b"caf\xe9 \xff.wav")
    try:
        write(Path("a.wav")).rename(name)
    except OSError:
        pytest.skip("this file system wants text")
    result = run("denoise", name, *FAST)
    assert b"Traceback" not in result.stderr
    assert result.returncode == 0 and len(list(Path().iterdir())) == 2
