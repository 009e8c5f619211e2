"""A recording is complete, aligned with the dry sound, and survives kill -9 and full disks."""

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
from recordings import FAST, read, sound, write

import dap_stream
from dap_stream.apps.live.recorder import Recorder
from dap_stream.cli.main import main
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.file_source import FileSource
from dap_stream.io.growing_wav import HEAD_BYTES

PATIENCE_S = 120.0


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def test_a_recorder_that_cannot_have_both_files_leaves_none() -> None:
    Path("a_dry.wav").write_text("old")
    with pytest.raises(OutputError, match=r"a_dry\.wav: exists already"):
        Recorder("a.wav", 48000, 1)
    assert not Path("a.wav").exists()
    Path("a_dry.wav").unlink()
    Path("a_dry.wav").mkdir()
    Path("a.wav").write_text("mine")
    with pytest.raises(OutputError, match=r"a_dry\.wav: is a folder"):
        Recorder("a.wav", 48000, 1, force=True)
    assert Path("a.wav").read_text() == "mine"
    with pytest.raises(SettingError, match=r"ends in \.wav"):
        Recorder("a.flac", 48000, 1)


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
    assert main(argv) == 0
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
