"""`dap-stream compare` on files whose differences are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from recordings import tone_in_noise, write

from dap_stream.apps.compare.alignment import offset_of
from dap_stream.cli.main import main

RATE = 16000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The clean sound; a good result; a worse one, later by 123 samples and with two channels."""
    monkeypatch.chdir(tmp_path)
    clean, _ = tone_in_noise(3.0, RATE)
    noise = np.random.default_rng(1).standard_normal(len(clean))
    late = np.pad(clean + 0.05 * noise, (123, 0))
    write(tmp_path / "clean.wav", clean[None].astype(float), RATE, "FLOAT")
    write(tmp_path / "good.wav", (clean + 0.005 * noise)[None].astype(float), RATE, "FLOAT")
    write(tmp_path / "bad.wav", np.stack([late, late]).astype(float), RATE, "FLOAT")
    write(tmp_path / "silent.wav", np.zeros((1, RATE)), RATE)
    return tmp_path


def test_figures_are_right_and_the_better_one_is_marked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", "good.wav", "bad.wav", "--clean", "clean.wav", "--json"]
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    figures = found["figures"]
    assert figures["si_sdr_db"]["better"] == "a" and figures["lsd_db"]["better"] == "a"
    assert figures["si_sdr_db"]["a"] - figures["si_sdr_db"]["b"] == pytest.approx(20.0, abs=0.3)
    assert figures["noise_floor_db"]["a"] == pytest.approx(20 * np.log10(0.005), abs=0.5)
    assert figures["noise_floor_db"]["b"] == pytest.approx(20 * np.log10(0.05), abs=0.5)
    assert figures["difference_db"]["a"] == pytest.approx(20 * np.log10(0.045), abs=0.3)
    told = " ".join(found["notes"])
    assert "bad.wav: 123 samples (0.0077 s) late; moved to fit" in told and "channels differ" in told


def test_text_and_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "good.wav", "bad.wav", "--clean", "clean.wav", "--picture", "p.png"]) == 0
    out = capsys.readouterr().out
    assert "SI-SDR, dB" in out and "*" in out and "against the clean sound" in out
    assert (folder / "p.png").read_bytes().startswith(b"\x89PNG")
    assert main(["compare", "good.wav", "bad.wav", "--picture", "p.png"]) == 1
    assert "exists already" in capsys.readouterr().err


def test_other_rates_are_told_and_without_clean_nobody_is_better(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    t = np.arange(2 * 44100) / 44100
    write(folder / "high.wav", 0.1 * np.sin(2 * np.pi * 700 * t)[None], 44100)
    assert main(["compare", "good.wav", "high.wav", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "good.wav: 16000 Hz, compared at 44100 Hz" in found["notes"]
    assert all(row["better"] is None for row in found["figures"].values())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["good.wav", "silent.wav"], "silent.wav: holds silence only"),
        (["good.wav", "none.wav"], "none.wav"),
        (["good.wav", "bad.wav", "--picture", "bad.wav"], "is one of the recordings to be compared"),
        (["good.wav", "bad.wav", "--picture", "no/p.png"], "there is no folder"),
    ],
)
def test_one_clear_line(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) != 0
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_the_offset_is_found_either_way_and_none_between_strangers(rng: np.random.Generator) -> None:
    sound = rng.standard_normal(20000)
    assert offset_of(np.pad(sound, (37, 0)), sound, 8000) == 37
    assert offset_of(sound[50:], sound, 8000) == -50
    assert offset_of(rng.standard_normal(20000), sound, 8000) == 0
