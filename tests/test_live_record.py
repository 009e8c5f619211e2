"""What is recorded is what was heard, aligned with the dry sound, and survives kill -9 and full disks."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from live_signals import Half, noise
from recordings import FAST, read, sound, write

import dap_stream
from dap_stream import cli
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.file import FileSource
from dap_stream.io.wave_growing import HEAD_BYTES, GrowingWave
from dap_stream.live.inside import Inside
from dap_stream.live.link import Link
from dap_stream.live.record import Recorder
from dap_stream.live.tap import Tap

PATIENCE_S = 120.0


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


# ---------------------------------------------------------------- the file


@pytest.mark.parametrize("most", [2**32 - 1, 3000])
def test_the_file_can_be_read_after_each_write(most: int) -> None:
    """``most``: where RF64 begins, 4 GiB or in the middle of this test."""
    audio = noise(2, 1000)
    wave = GrowingWave("a.wav", 48000, 2, most=most)
    wave.begin()
    for end in range(100, 1001, 100):
        wave.write(audio[:, end - 100 : end])
        np.testing.assert_array_equal(read(Path("a.wav"), "float32"), audio[:, :end])
    wave.close()
    with FileSource("a.wav") as source:
        assert (source.n_samples, source.sample_rate, source.channels) == (1000, 48000, 2)
    assert Path("a.wav").read_bytes()[:4] == (b"RIFF" if most > 3000 else b"RF64")


def test_what_the_header_does_not_count_yet_is_no_harm() -> None:
    """Killed between the samples and the header."""
    wave = GrowingWave("a.wav", 48000, 1)
    wave.begin()
    wave.write(noise(1, 500))
    wave.close()
    with Path("a.wav").open("ab") as file:
        file.write(noise(1, 300).tobytes())
    assert read(Path("a.wav")).shape == (1, 500)
    with FileSource("a.wav") as source:
        assert source.n_samples == 500


def test_an_existing_file_stays() -> None:
    Path("a.wav").write_text("old")
    with pytest.raises(OutputError, match="exists already"):
        GrowingWave("a.wav", 48000, 1)
    assert Path("a.wav").read_text() == "old"
    forced = GrowingWave("a.wav", 48000, 1, force=True)
    assert Path("a.wav").read_text() == "old", "until it is known that the recording can begin"
    forced.begin()
    forced.close()
    assert Path("a.wav").stat().st_size == HEAD_BYTES


def test_a_recorder_that_cannot_have_both_files_leaves_none() -> None:
    Path("a_dry.wav").write_text("old")
    with pytest.raises(OutputError, match=r"a_dry\.wav: exists already"):
        Recorder("a.wav", 48000, 1)
    assert not Path("a.wav").exists()
    Path("a_dry.wav").unlink()
    Path("a_dry.wav").mkdir()
    Path("a.wav").write_text("mine")
    with pytest.raises(OutputError, match=r"a_dry\.wav: cannot be written"):
        Recorder("a.wav", 48000, 1, force=True)
    assert Path("a.wav").read_text() == "mine"
    with pytest.raises(SettingError, match=r"ends in \.wav"):
        Recorder("a.flac", 48000, 1)


# ---------------------------------------------------------------- what is heard

BLOCK = 128


def heard_and_recorded(sets_wet: dict[int, float], late: range) -> tuple[np.ndarray, ...]:
    """(input, heard, recorded dry, recorded heard); ``late``: blocks for which nobody works."""
    inside = Inside(Half(300, 2))
    link = Link(inside, 2, 48000, BLOCK)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    inside.tap = tap = Tap(link, lambda *pair: taken.append(pair))
    audio = noise(2, 200 * BLOCK)
    heard = np.empty_like(audio)
    for k in range(200):
        piece = slice(k * BLOCK, (k + 1) * BLOCK)
        link.wet = sets_wet.get(k, link.wet)
        link.exchange(audio[:, piece], heard[:, piece])
        while k not in late and link.work():
            pass
    tap()
    dry, wet = (np.concatenate(each, axis=1) for each in zip(*taken, strict=True))
    assert tap.lost_samples == 0 and (link.counts().late_blocks > 0) == bool(late)
    return audio, heard[:, link.latency :], dry, wet


def test_it_is_what_was_heard_to_the_bit() -> None:
    audio, heard, dry, recorded = heard_and_recorded({}, range(0))
    np.testing.assert_array_equal(recorded, heard)
    np.testing.assert_array_equal(dry, audio[:, : dry.shape[1]])
    np.testing.assert_array_equal(recorded, dry * np.float32(0.5))


def test_late_blocks_are_recorded_as_they_were_heard() -> None:
    _, heard, dry, recorded = heard_and_recorded({}, range(50, 60))
    np.testing.assert_array_equal(recorded, heard)
    assert (recorded == dry).all(axis=0).sum() > 6 * BLOCK  # the dry sound instead


def test_a_knob_counts_a_few_blocks_off_at_most() -> None:
    _, heard, dry, recorded = heard_and_recorded({40: 0.25, 90: 0.0}, range(0))
    differs = np.flatnonzero((recorded != heard).any(axis=0))
    assert differs.size == 0 or ((np.diff(differs) > BLOCK).sum() <= 1 and differs.size < 4 * BLOCK)
    np.testing.assert_array_equal(recorded[:, -10:], dry[:, -10:])


def test_a_stall_leaves_silence_of_the_right_length() -> None:
    inside = Inside(Half(300, 1))
    link = Link(inside, 1, 48000, BLOCK)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    inside.tap = tap = Tap(link, lambda *pair: taken.append(pair))
    audio, out = noise(1, 1200 * BLOCK), np.empty((1, BLOCK), np.float32)
    for k in range(1200):
        link.exchange(audio[:, k * BLOCK : (k + 1) * BLOCK], out)
        while not 100 <= k < 1000 and link.work():
            pass
    tap()
    dry = np.concatenate([pair[0] for pair in taken], axis=1)
    assert dry.shape[1] == audio.shape[1] - link.latency
    assert tap.lost_samples > 0
    same = dry == audio[:, : dry.shape[1]]
    assert np.count_nonzero(~same) == tap.lost_samples  # noise is never 0


# ---------------------------------------------------------------- the command


def command(*argv: str) -> list[str]:
    simulate = ["--simulate", "a.wav", "b.wav", "--real-time"]
    return [sys.executable, "-m", "dap_stream", "live", "--no-ui", *simulate, *argv, *FAST]


def wait_for_seconds(path: Path, seconds: float) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists() or path.stat().st_size < HEAD_BYTES + seconds * 4 * 16000:
        assert time.monotonic() < end, "it should have recorded by now"
        time.sleep(0.02)


def test_kill_9_leaves_files_that_can_be_read() -> None:
    write(Path("a.wav"), sound(30.0))
    process = subprocess.Popen(command("--record", "r.wav"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        wait_for_seconds(Path("r.wav"), 0.5)
    finally:
        process.kill()
        process.communicate()
    dry, heard = read(Path("r_dry.wav")), read(Path("r.wav"))
    assert min(dry.shape[1], heard.shape[1]) >= 8000
    np.testing.assert_array_equal(dry, read(Path("a.wav"))[:, : dry.shape[1]])
    for name in ("r.wav", "r_dry.wav"):
        with FileSource(name) as source:
            assert source.n_samples is not None and source.n_samples >= 8000


def test_recording_is_aligned_and_complete(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(1.0))
    argv = command("--record", "r.wav", "--bypass")[3:]
    assert cli.main(argv) == 0
    dry, heard = read(Path("r_dry.wav")), read(Path("r.wav"))
    np.testing.assert_array_equal(heard, dry)
    np.testing.assert_array_equal(dry[:, :16000], read(Path("a.wav")))
    assert "in r.wav and r_dry.wav" in capsys.readouterr().out


def limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a failed write instead of a signal
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_a_full_disk_does_not_end_the_stream() -> None:
    """A limit of the size of files stands for it: the result in 16 bits fits, the recording does not."""
    write(Path("a.wav"), sound(1.5))
    run = subprocess.run(
        command("--record", "r.wav"), capture_output=True, text=True, check=False, preexec_fn=limit_files
    )
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert read(Path("b.wav")).shape == (1, 24000), "the stream went on"
    assert run.stderr.count("writing failed") == 2  # when it happens, and as the reason of the exit status
    assert "the stream goes on" in run.stderr
    for name in ("r.wav", "r_dry.wav"):
        recorded = read(Path(name))
        assert 4000 < recorded.shape[1] < 15000 and os.path.getsize(name) == HEAD_BYTES + recorded.size * 4
