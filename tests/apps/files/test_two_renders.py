"""A job that ends with loudness: what it writes, tells and leaves behind."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from recordings import FAST, read, snapshot, sound, write

from dap_stream.apps.files import job_ends
from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.cli.main import main
from dap_stream.core.array_types import Audio
from dap_stream.dsp.loudness import KWeighting, LoudnessMeter
from dap_stream.errors import OutputError
from dap_stream.io.output_paths import Names
from dap_stream.io.scratch_audio import ScratchAudio
from dap_stream.processors.chain_settings import make_chain_settings


@pytest.fixture(autouse=True)
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), 0.3 * sound(3.0, 16000, 2))


def lufs(path: str) -> float | None:
    audio = read(Path(path))
    meter = LoudnessMeter(16000)
    meter.add(KWeighting(16000, len(audio)).process(audio))
    return meter.lufs


def test_what_was_removed_is_without_the_gain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "a.wav", "-o", "plain.wav", "--removed", "r1.wav", *FAST]) == 0
    args = ["--loudness", "-20", "--removed", "r2.wav", "--report", "p.html", "--json", *FAST]
    capsys.readouterr()
    assert main(["denoise", "a.wav", *args]) == 0
    told = json.loads(capsys.readouterr().out)
    assert lufs("a_clean.wav") == pytest.approx(-20.0, abs=0.05)
    assert np.abs(read(Path("r1.wav")) - read(Path("r2.wav"))).max() <= 2**-14  # of a result that is rounded
    ratio = read(Path("a_clean.wav")).std() / read(Path("plain.wav")).std()
    assert 20.0 * np.log10(ratio) == pytest.approx(told["gain_db"], abs=0.02)
    assert told["rms_out"] == pytest.approx(np.sqrt(np.mean(read(Path("a_clean.wav")) ** 2)), rel=1e-3)
    assert told["reduction_db"] > 0.0 and "raised by" in told["remarks"][-1]
    assert set(snapshot(Path())) == {"a.wav", "a_clean.wav", "plain.wav", "r1.wav", "r2.wav", "p.html"}


def test_pipe_in_place_and_file_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["denoise", "a.wav", "--chain", "loudness", "-o", "b.wav"]) == 0
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    monkeypatch.setattr(job_ends, "standard_input", lambda: io.BytesIO(Path("a.wav").read_bytes()))
    assert main(["denoise", "-", "--chain", "loudness", "-o", "c.wav"]) == 0
    assert main(["denoise", "a.wav", "--chain", "loudness", "--in-place"]) == 0
    np.testing.assert_array_equal(read(Path("b.wav")), read(Path("c.wav")))
    np.testing.assert_array_equal(read(Path("b.wav")), read(Path("a.wav")))
    assert lufs("a.wav") == pytest.approx(-16.0, abs=0.06)


def test_said_twice_or_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["denoise", "a.wav", "--loudness", "-16", "--set", "loudness.lufs=-14"]) == 2
    assert "--loudness -16 and --set loudness.lufs=-14 are the same setting" in capsys.readouterr().err
    assert main(["denoise", "a.wav", "--loudness", "3"]) == 2
    assert "lufs=3.0 must be a number in -70..0 LUFS" in capsys.readouterr().err


def test_batch_takes_it() -> None:
    assert main(["batch", "a.wav", "-o", "out", "--loudness", "-19", "--jobs", "1", "-q", *FAST]) == 0
    assert lufs("out/a_clean.wav") == pytest.approx(-19.0, abs=0.05)


def test_silence_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("s.wav"), np.zeros((1, 16000)))
    assert main(["denoise", "s.wav", "--chain", "loudness"]) == 0
    assert "warning: s.wav: is silent" in capsys.readouterr().err
    assert not read(Path("s_clean.wav")).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scratch_gives_back_what_was_written_and_leaves_nothing(dtype: type, tmp_path: Path) -> None:
    audio: Audio = np.random.default_rng(0).standard_normal((3, 1000)).astype(dtype)
    before = set(snapshot(tmp_path))
    with ScratchAudio(str(tmp_path), 8000, 3) as scratch:
        for part in np.array_split(audio, 7, axis=1):
            scratch.write(part)
        scratch.finish()
        np.testing.assert_array_equal(scratch.read(5000), audio)
        assert scratch.read(10).shape == (3, 0)
        scratch.seek(700)
        np.testing.assert_array_equal(scratch.read(100), audio[:, 700:800])
        assert set(snapshot(tmp_path)) == before
    with pytest.raises(OutputError, match="cannot be written"), ScratchAudio("nowhere", 8000, 1):
        pass


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk here")
def test_full_disk_is_one_line(tmp_path: Path) -> None:
    with ScratchAudio(str(tmp_path), 8000, 1) as scratch:
        assert scratch._file is not None
        scratch._file.close()
        scratch._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(OutputError, match=r"No space left on device.*free space"):
            scratch.write(np.zeros((1, 8)))


@pytest.mark.parametrize("stage", ["front", "measuring", "second"])
@pytest.mark.parametrize("is_old", [False, True], ids=["new", "replaced"])
def test_stopped_in_each_stage_leaves_what_was_there(stage: str, is_old: bool) -> None:
    """The signal of Ctrl-C, sent while the stage is at work."""
    for name in ("b.wav", "r.wav") if is_old else ():
        Path(name).write_text("old")
    before = snapshot(Path())
    reached: list[str] = []

    def stop(at: str) -> None:
        if at == stage and not reached:
            reached.append(at)
            signal.raise_signal(signal.SIGINT)

    callbacks = JobCallbacks(
        cleaning=lambda progress: stop("front"),
        levelling=lambda part: stop("measuring" if part <= 0.6 else "second"),
    )
    values = {"generator": "classical", "loudness.lufs": -20.0}
    chain = make_chain_settings(values=values, last="loudness")
    names = Names("a.wav", "b.wav", removed="r.wav")
    with pytest.raises(KeyboardInterrupt):
        clean(Job(names, chain, force=True), callbacks)
    assert reached == [stage]
    assert snapshot(Path()) == before
