"""`dap-stream repair` as a process of its own: pipes, Ctrl-C, exit statuses."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from recordings import FAST, read, snapshot, sound, write

import dap_stream

COMMAND = [sys.executable, "-m", "dap_stream", "repair"]
PATIENCE_S = 120.0  # only until something must have happened


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def run(*argv: str, heard: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *argv], input=heard, capture_output=True, check=False)


def wav_bytes(audio: npt.NDArray[np.float64]) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, audio.T, 16000, "PCM_16", format="WAV")
    return file.getvalue()


def test_a_pipe_gives_what_a_file_gives() -> None:
    """Of a clean sound: bit for bit what came in. It is told on standard error, where no audio is."""
    heard = wav_bytes(sound(2.0, channels=2))
    result = run("-", "-", heard=heard)
    assert result.returncode == 0, result.stderr
    (before, _), (after, rate) = (
        soundfile.read(io.BytesIO(each), dtype="int16") for each in (heard, result.stdout)
    )
    np.testing.assert_array_equal(after, before)
    assert rate == 16000 and b"nothing found" in result.stderr


def test_raw_pipes_and_a_look_at_one() -> None:
    samples = (0.1 * np.sin(0.05 * np.arange(20000))).astype("<f4").tobytes()
    result = run("-", "-", "--raw", "f32le:16000:1", "-q", heard=samples)
    assert (result.returncode, result.stdout, result.stderr) == (0, samples, b"")
    looked_at = run("-", "--raw", "f32le:16000:1", "--detect", "--json", heard=samples)
    told = json.loads(looked_at.stdout)
    assert told["n_samples"] == 20000 and told["output"] is None and told["findings"] == []


def test_ctrl_c_leaves_nothing_behind() -> None:
    Path("old.wav").write_text("old")
    before = snapshot(Path())
    options = ["-o", "old.wav", "--force", "--removed", "r.wav", "--labels", "l.txt"]
    process = subprocess.Popen(
        [*COMMAND, "-", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdin is not None
        process.stdin.write(wav_bytes(sound(1.0))[:20000])  # and it never ends
        process.stdin.flush()
        end = time.monotonic() + PATIENCE_S
        while len(list(Path().glob(".*.part"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert err.decode() == "dap-stream: stopped by SIGINT; nothing half-written is left\n"
    assert snapshot(Path()) == before


def test_one_bad_recording_does_not_stop_the_others() -> None:
    write(Path("a.wav"))
    result = run("missing.wav", "a.wav")
    assert result.returncode == 1 and b"missing.wav: no such file" in result.stderr
    assert b"1 of 2 recordings done" in result.stderr
    np.testing.assert_array_equal(read(Path("a_repaired.wav")), read(Path("a.wav")))


@pytest.mark.parametrize(
    "command", [["repair"], ["denoise", "--repair", "clicks", *FAST]], ids=["repair", "denoise"]
)
def test_loudness_through_a_pipe_is_that_of_a_file(command: list[str]) -> None:
    write(Path("a.wav"), 0.1 * sound(2.0, 16000, 1))
    program = [sys.executable, "-m", "dap_stream", *command]
    subprocess.run([*program, "a.wav", "-o", "b.wav", "--loudness", "-20"], check=True, capture_output=True)
    heard = Path("a.wav").read_bytes()
    piped = subprocess.run(
        [*program, "-", "-", "--loudness", "-20"], input=heard, capture_output=True, check=False
    )
    assert piped.returncode == 0, piped.stderr
    audio, _ = soundfile.read(io.BytesIO(piped.stdout), always_2d=True)
    np.testing.assert_array_equal(audio.T, read(Path("b.wav")))
    assert not np.array_equal(audio.T, read(Path("a.wav")))
    assert set(snapshot(Path())) == {"a.wav", "b.wav"}
