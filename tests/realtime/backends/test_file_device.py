"""`dap-stream live --simulate`: a file through the same callback and rings, equal to the method."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recordings import FAST, read, snapshot, sound, write

import dap_stream
from dap_stream.cli.main import main
from dap_stream.processors.denoise.denoiser import LiveDenoiser
from dap_stream.processors.denoise.settings import DenoiseSettings


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def live(*argv: str) -> int:
    return main(["live", "--no-ui", *argv])


def offline(audio: np.ndarray, sample_rate: int, **settings: object) -> np.ndarray:
    """The method alone, its latency taken out: ``[channels, n]``."""
    values = {"window_ms": 32.0, "passes": 1, **settings}
    denoiser = LiveDenoiser(sample_rate, len(audio), DenoiseSettings(**values))  # type: ignore[arg-type]
    head = denoiser.process(audio)
    return np.concatenate((head, denoiser.flush()), axis=1)[:, denoiser.latency :]


@pytest.mark.parametrize("block_size", [64, 256])
def test_equals_the_method_to_the_bit(block_size: int) -> None:
    audio = sound(2.3, 16000, 2).astype(np.float32)
    write(Path("a.wav"), audio, subtype="FLOAT")  # type: ignore[arg-type]
    assert live("--simulate", "a.wav", "b.wav", "--blocksize", str(block_size)) == 0
    np.testing.assert_array_equal(read(Path("b.wav"), "float32"), offline(audio, 16000))


def test_options_reach_the_method() -> None:
    audio = sound(1.0).astype(np.float32)
    write(Path("a.wav"), audio, subtype="FLOAT")  # type: ignore[arg-type]
    options = ["--low-latency", "--lookahead", "0", "--reduction", "10", *FAST]
    assert live("--simulate", "a.wav", "b.wav", *options) == 0
    expected = offline(audio, 16000, window_ms=16.0, lookahead=0, reduction_db=10.0, generator="classical")
    np.testing.assert_array_equal(read(Path("b.wav"), "float32"), expected)


@pytest.mark.parametrize("options", [["--bypass"], ["--wet", "0"]])
def test_bypass_gives_the_file_itself(options: list[str]) -> None:
    write(Path("a.wav"), sound(1.0, 16000, 2))
    assert live("--simulate", "a.wav", "b.wav", *options, *FAST) == 0
    assert Path("a.wav").read_bytes()[44:] == Path("b.wav").read_bytes()[-len(read(Path("a.wav"))[0]) * 4 :]


def test_duration_counts_the_sound() -> None:
    write(Path("a.wav"))
    assert live("--simulate", "a.wav", "b.wav", "--duration", "0.3", "--bypass", *FAST) == 0
    np.testing.assert_array_equal(read(Path("b.wav")), read(Path("a.wav"))[:, :4800])


def test_json_and_profile(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"), sound(2.0))
    assert live("--simulate", "a.wav", "b.wav", "--json", "--save-profile", "p.npz") == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert printed.out.count("\n") == 1
    assert printed.err.startswith(
        "dap-stream: a.wav -> b.wav: 16000 Hz, 1 channel, blocks of 64; latency 1088 "
    )
    assert report["latency"] == {
        "processor": 768, "margin": 320, "device_in": 0, "device_out": 0, "total": 1088, "total_ms": 68.0,
    }  # fmt: skip
    assert report["counts"]["late_blocks"] == report["counts"]["lost_samples"] == 0
    assert len(report["history"]) == 4  # at a quarter and half of a second, and at each second
    assert report["history"][0]["steps"] > 0
    assert (report["profile"], report["error"]) == ("p.npz", None)
    assert report["settings"]["denoise"]["window_ms"] == 32.0
    # The profile brings its window along.
    assert live("--simulate", "a.wav", "b.wav", "--force", "--profile", "p.npz", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["history"][0]["loss"] < report["history"][0]["loss"]


def test_real_time_is_aligned_and_complete(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("a.wav"))
    options = ["--real-time", "--bypass", "--json", *FAST]
    assert live("--simulate", "a.wav", "b.wav", *options) == 0
    np.testing.assert_array_equal(read(Path("b.wav")), read(Path("a.wav")))
    assert json.loads(capsys.readouterr().out)["counts"]["n_samples"] >= 16000


def test_ctrl_c_leaves_nothing_behind() -> None:
    write(Path("a.wav"), sound(300.0))
    command = [sys.executable, "-m", "dap_stream", "live", "--no-ui", "--simulate", "a.wav", "b.wav"]
    environment = {**os.environ, "PYTHONPATH": str(Path(dap_stream.__file__).parents[1])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None
        assert b"latency" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130 and not out and b"stopped by SIGINT" in err
    assert [path.name for path in Path().iterdir()] == ["a.wav"]


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (["missing.wav", "b.wav"], 1, "missing.wav: "),
        (["a.wav", "a.wav"], 2, "must be two files"),
        (["a.wav", "old.wav"], 1, "old.wav: exists already"),
        (["a.wav", "no/b.wav"], 1, "there is no folder"),
        (["a.wav", "b.xyz"], 2, "extension .xyz is not known"),
        (["a.wav", "b.wav", "--rate", "8000"], 2, "--rate does not go with --simulate"),
        (["a.wav", "b.wav", "--channels", "1"], 2, "--channels does not go with --simulate"),
        (["a.wav", "b.wav", "--jack", "x"], 2, "--jack does not go with --simulate"),
        (["a.wav", "b.wav", "--reconnect"], 2, "--reconnect does not go with --simulate"),
        (["a.wav", "b.wav", "--blocksize", "0"], 2, "--blocksize 0 leaves it to the device"),
        (["a.wav", "b.wav", "--record", "b.wav"], 2, "is one of the files of --simulate"),
    ],
)
def test_nonsense_is_one_line(
    argv: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("a.wav"))
    Path("old.wav").write_text("old")
    before = snapshot(Path())
    assert live("--simulate", *argv, *FAST) == status
    printed = capsys.readouterr()
    assert said in printed.err and printed.err.count("\n") == 1 and not printed.out
    assert snapshot(Path()) == before
