"""``dap-stream study`` as a user meets it."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from recordings import read, snapshot, sound, write

from dap_stream.apps.study import experiment
from dap_stream.apps.study.fit import Fit
from dap_stream.cli import progress
from dap_stream.cli.main import main

QUICK = ("--iterations", "20", "--device", "cpu")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), sound(1.0))
    Path("old.wav").write_text("not a recording, and dear to somebody")
    Path("folder").mkdir()


@pytest.fixture
def no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        experiment, "find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )


def test_from_recording_to_picture(capsys: pytest.CaptureFixture[str]) -> None:
    write(Path("clean.wav"), sound(1.0) * 0.5)
    assert main(["study", "a.wav", "--clean", "clean.wav", "--samples", "10,20", *QUICK]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("a.wav -> a_study: 0:01.0 at 16000 Hz, dcgan, 20 iterations in 0:0")
    assert "SI-SDR" in out[1] and out[1].startswith("  noisy: ")
    assert out[2].startswith(("  best, iteration 10: ", "  best, iteration 20: "))
    assert any("moving variance stops nowhere: too few" in line for line in out)
    assert Path("a_study/study.png").read_bytes().startswith(b"\x89PNG")
    assert set(read(Path("a_study/clean.wav")).shape) == {1, 16000}
    first = snapshot(Path("a_study"))
    assert main(["study", "a.wav", "--clean", "clean.wav", "--samples", "10,20", *QUICK]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == out
    assert "a_study: was done already" in captured.err
    again = snapshot(Path("a_study"))
    changed = {name for name in first if first[name] != again[name] and not name.endswith(".wav")}
    assert changed <= {"study.json", "resume.pt"}, "that a run was the second one is in its notes only"


@pytest.mark.parametrize(
    ("argv", "what", "start"),
    [
        (
            "--task inpaint --holes 0.3-0.4,0.7-0.8",
            "dcgan filling 0.3-0.4, 0.7-0.8 s",
            "straight lines across: error in the holes ",
        ),
        (
            "--task superres --limit-hz 3000",
            "dcgan filling above 3000 Hz",
            "level at the limit held: error above the limit ",
        ),
    ],
)
def test_what_is_missing_is_made(
    argv: str, what: str, start: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "a.wav", *argv.split(), *QUICK]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"a.wav -> a_study: 0:01.0 at 16000 Hz, {what}, 20 iterations in 0:0")
    assert out[1].startswith(f"  {start}") and ", outside " in out[1]
    assert out[2].startswith("  best, iteration ")
    assert Path("a_study/study.png").read_bytes().startswith(b"\x89PNG")
    assert read(Path("a_study/i00020_filled.wav")).shape == (1, 16000)


@pytest.mark.usefixtures("no_picture")
def test_json_and_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "a.wav", "-o", "s", "--json", "-q", "--generator", "skip", *QUICK]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" and captured.out.count("\n") == 1
    found = json.loads(captured.out)
    kept = json.loads(Path("s/study.json").read_text())
    assert found["rows"] == kept["rows"] and found["settings"]["generator"] == "skip"
    assert main(["study", "a.wav", "-o", "s", "-q", "--generator", "skip", *QUICK]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("no_picture")
def test_json_says_null_where_nothing_is_known(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    monkeypatch.setattr(Fit, "held_out_loss", lambda self: math.nan)
    assert main(["study", "a.wav", "-o", "s", "--json", "-q", *QUICK]) == 0
    for text in (capsys.readouterr().out, Path("s/study.json").read_text()):
        summary = json.loads(text, parse_constant=refuse)
        assert summary["rows"][-1]["heldout_loss"] is None
        assert [point["heldout_loss"] for point in summary["trace"]] == [None, None]


def test_ctrl_c_keeps_what_there_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: object, done: int, total: int) -> None:
        if done == 14:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(progress.Meter, "fitting", stop)
        assert main(["study", "a.wav", "-o", "s", *QUICK]) == 130
    captured = capsys.readouterr()
    wanted = "dap-stream: stopped by SIGINT after 10 of 20 iterations, kept in s; the same command goes on"
    assert captured.out == "" and captured.err.startswith(wanted) and captured.err.count("\n") == 1
    assert {"curve.csv", "study.json", "study.png", "resume.pt", "i00010_gain.wav"} <= set(
        snapshot(Path("s"))
    )
    assert json.loads(Path("s/study.json").read_text())["is_complete"] is False
    assert main(["study", "a.wav", "-o", "s", *QUICK]) == 0
    assert "s: going on after 10 of 20 iterations" in capsys.readouterr().err
    assert main(["study", "a.wav", "-o", "whole", *QUICK]) == 0
    for name in ("i00020_gain.wav", "stop_holdout.wav"):  # WAVs of floats say when they were written
        np.testing.assert_array_equal(read(Path("s", name)), read(Path("whole", name)))
    for name in ("stops.csv", "study.png"):
        assert Path("s", name).read_bytes() == Path("whole", name).read_bytes()


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Meter("a.wav", is_shown=True) as meter:
        for done in range(500, 520):
            meter.fitting(done, 2000)
    err = capsys.readouterr().err
    assert "a.wav: fitting  25% |" in err and "500/2000 iterations" in err and "left" in err


def test_names_that_are_neither_text_nor_a_formula() -> None:
    for name in ("a$_$b.wav", "b\udcff.wav", "c d.wav"):
        Path(name).write_bytes(Path("a.wav").read_bytes())
        assert main(["study", name, "--iterations", "1", "-q"]) == 0
        assert Path(f"{Path(name).stem}_study", "study.png").is_file()


@pytest.mark.usefixtures("no_picture", "no_matplotlib")
def test_without_matplotlib(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "a.wav", *QUICK]) == 0
    assert "no picture was made, since matplotlib is not there: pip install 'dap_stream[report]'" in (
        capsys.readouterr().err
    )
    assert not Path("a_study/study.png").exists() and Path("a_study/curve.csv").exists()


def nothing() -> None:
    pass


def silent() -> None:
    write(Path("silent.wav"), np.zeros((1, 16000)))


def taken() -> None:
    Path("folder/resume.pt").write_text("not one")
    Path("folder/noisy.wav").write_text("dear")


@pytest.mark.parametrize(
    ("argv", "status", "text", "prepare"),
    [
        ("", 2, "the following arguments are required: IN", nothing),
        ("missing.wav", 1, "missing.wav: no such file", nothing),
        ("old.wav", 1, "old.wav: not an audio file", nothing),
        ("folder", 1, "folder: is a folder", nothing),
        ("silent.wav", 1, "silent.wav: nothing to learn from: 0 s to 1 s is silent", silent),
        ("a.wav --clean missing.wav", 1, "missing.wav: no such file", nothing),
        ("a.wav --iterations 0", 2, "iterations=0 must be in 1..1000000", nothing),
        ("a.wav --iterations many", 2, "--iterations: 'many' must be a whole number", nothing),
        ("a.wav --samples 1,x", 2, "--samples: 'x' must be a whole number", nothing),
        ("a.wav --samples 1,,2", 2, "--samples: '' must be a whole number", nothing),
        ("a.wav --samples 3000", 2, "samples=3000 must be in 1..2000", nothing),
        ("a.wav --generator gan", 2, "generator='gan' must be one of dcgan, skip, decoder", nothing),
        ("a.wav --generator context", 2, "generator='context' must be one of", nothing),
        ("a.wav --task inpant", 2, "--task 'inpant' must be one of denoise, inpaint, superres; did", nothing),
        ("a.wav --holes 0.2-0.4", 2, "holes are for --task inpaint only, not for --task denoise", nothing),
        ("a.wav --task inpaint --holes 0.2", 2, "--holes: '0.2' must look like 1.2-1.4", nothing),
        ("a.wav --task inpaint --holes 0.2-x", 2, "--holes: '0.2-x': time 'x' must look like", nothing),
        ("a.wav --task inpaint --holes=", 2, "holes is empty; give it a value", nothing),
        ("a.wav --task inpaint --holes 0.4-0.2", 2, "hole 0.4-0.2 s must end at least 0.02 s after", nothing),
        ("a.wav --task inpaint --holes 0.9-1.1", 2, "hole 0.9-1.1 s must lie in the excerpt, 0-1 s", nothing),
        ("a.wav --task inpaint --holes 0-1", 2, "holes of 1 s must be at most 0.5 s, half of", nothing),
        (
            "a.wav --limit-hz 4000",
            2,
            "--limit-hz is for --task superres only, not for --task denoise",
            nothing,
        ),
        ("a.wav --task superres --limit-hz x", 2, "--limit-hz: 'x' must be a number of hertz", nothing),
        ("a.wav --task superres --limit-hz 9000", 2, "--limit-hz=9000 must be at most 7200 Hz", nothing),
        ("a.wav --task superres --limit-hz inf", 2, "--limit-hz: 'inf' must be a number of hertz", nothing),
        ("silent.wav --task inpaint", 1, "silent.wav: nothing to learn from: 0 s to 1 s is silent", silent),
        ("a.wav --task inpaint --clean missing.wav", 1, "missing.wav: no such file", nothing),
        ("a.wav --device gpu", 2, "device='gpu' must be one of", nothing),
        ("a.wav --seed x", 2, "--seed: 'x' must be a whole number", nothing),
        ("a.wav --start noon", 2, "--start: time 'noon' must look like", nothing),
        ("a.wav --start 0.8 --end 0.5", 2, "--end 0.5 must be later than --start 0.8", nothing),
        ("a.wav --start 1", 2, "start=1.000 s must be in 0 s .. 1.000 s", nothing),
        ("a.wav --start 0.7", 1, "a.wav: 0.30 s from 0.7 s on are too short", nothing),
        ("a.wav --end 61", 2, "an excerpt of 61 s must be 0.5 to 60 s long", nothing),
        ("a.wav -o old.wav", 1, "old.wav: cannot be made", nothing),
        ("a.wav -o old.wav/x", 1, "old.wav/x: cannot be made", nothing),
        ("a.wav -o .", 2, "a.wav: is in the folder of the study", nothing),
        ("a.wav -o folder", 1, "folder/resume.pt: damaged, or of another version; say --force", taken),
    ],
)
def test_one_line_and_nothing_touched(
    argv: str, status: int, text: str, prepare: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    prepare()
    before = snapshot(Path())
    assert main(["study", *argv.split()]) == status
    captured = capsys.readouterr()
    assert captured.out == "" and text in captured.err
    assert captured.err.startswith("dap-stream: error: ") and captured.err.count("\n") == 1
    assert snapshot(Path()) == before


def test_read_only_folder(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    Path("folder").chmod(0o555)
    assert main(["study", "a.wav", "-o", "folder", *QUICK]) == 1
    Path("folder").chmod(0o755)
    assert "folder is read-only; choose another one" in capsys.readouterr().err
    assert not list(Path("folder").iterdir())


def test_cuda_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA GPU")
    before = snapshot(Path())
    assert main(["study", "a.wav", "--device", "cuda"]) == 1
    assert "device=cuda was asked for, but there is no CUDA GPU here" in capsys.readouterr().err
    assert snapshot(Path()) == before
