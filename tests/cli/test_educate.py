"""`dap-stream educate`: its help, its options, and what it says of wrong ones."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dap_stream.cli import educate as cli_educate
from dap_stream.cli.main import main
from dap_stream.education import run
from dap_stream.education.run import EducationSettings

CARD = {"steps_done": 7, "seconds": 3, "divergence_on_held_out_sounds": {"lookahead 0": 0.25}}


@pytest.fixture
def called(monkeypatch):
    """What `educate` was called with; it is not run."""
    calls = []

    def note(folder, settings, device, n_processes, progress):
        progress("teaching", 0.5)
        calls.append((folder, settings, device, n_processes))
        return CARD

    monkeypatch.setattr(run, "educate", note)
    return calls


def help_text(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["educate", "--help"])
    assert caught.value.code == 0
    return capsys.readouterr().out


def test_defaults_are_those_of_the_settings_and_of_the_help(called, capsys):
    assert main(["educate", "-o", "x"]) == 0
    assert called == [(Path("x"), EducationSettings(), "auto", 2)]
    text = " ".join(help_text(capsys).split())
    settings = EducationSettings()
    for default in (f": band {settings.steps}", f": band {settings.share:g}", f" {settings.seed}"):
        assert f"(default{default}" in text


def test_options_arrive(called):
    options = "--steps 5 --share 0.5 --without typing,cafe --seed 3 --device cpu --jobs 1 -q"
    assert main(["educate", "-o", "x", *options.split()]) == 0
    assert called == [(Path("x"), EducationSettings(3, 5, 0.5, ("typing", "cafe")), "cpu", 1)]


def test_examples_in_the_help_are_understood(called, capsys, monkeypatch):
    monkeypatch.setattr(cli_educate, "_run_highs", lambda args, numbers, share: called.append(numbers) or 0)
    lines = re.findall(r"^  (dap-stream educate .*?)(?:  +\S.*)?$", help_text(capsys), re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        assert main(shlex.split(line)[1:]) == 0, line
    assert len(called) == len(lines)


def test_the_result_is_told_unless_it_is_to_be_quiet(called, capsys):
    assert main(["educate", "-o", "x"]) == 0
    out = capsys.readouterr().out
    assert out == "x: 7 steps in 3 s; divergence on sounds kept apart:\n  lookahead 0: 0.2500\n"
    assert main(["educate", "-o", "x", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--steps many", "--steps: 'many' must be a whole number"),
        ("--seed 1.5", "--seed: '1.5' must be a whole number"),
        ("--jobs x", "--jobs: 'x' must be a whole number"),
        ("--share half", "--share: 'half' must be a number"),
        ("--share nan", "share=nan must be in"),
        ("--share 2", "share=2.0 must be in"),
        ("--steps 0", "steps=0"),
        ("--without typing,typo", "typo is no kind of sound"),
    ],
)
def test_wrong_options_are_told_in_one_line(called, capsys, options, message):
    assert main(["educate", "-o", "x", *options.split()]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and "Traceback" not in error
    assert called == []
