"""``dap-stream live --chain``: any processor of the registry, alone and with others, on a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from fake_repairs import fake_repair
from recordings import read, sound, write

from dap_stream.cli.main import main

LOUD = 10 ** (3.0 / 20)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("a.wav"), 0.5 * sound(2.0), subtype="FLOAT")


def live(*argv: str) -> int:
    return main(["live", "--no-ui", "--simulate", "a.wav", *argv])


@pytest.mark.parametrize("pace", [[], ["--real-time"]], ids=["fast", "real time"])
def test_a_chain_without_anything_that_learns(pace: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert live("b.wav", "--chain", "gain", "--set", "gain_db=3", "--json", *pace) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["settings"] == {"gain": {"gain_db": 3.0}} and report["history"] == []
    assert report["latency"]["processor"] == 0
    np.testing.assert_allclose(read(Path("b.wav")), LOUD * read(Path("a.wav")), rtol=1e-5)


@pytest.mark.parametrize("names", ["denoise,gain", "gain,denoise"])
def test_the_denoiser_with_a_gain(names: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--set", "generator=classical", "--set", "reduction_db=0", "--set", "low_cut_hz=0"]
    assert live("b.wav", "--chain", names, "--set", "gain.gain_db=3", "--json", *options) == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report["settings"]) == names.split(",")
    np.testing.assert_allclose(read(Path("b.wav")), LOUD * read(Path("a.wav")), atol=1e-5)


def test_repairs_come_first_and_their_latency_adds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_repair(monkeypatch, "clicks")
    audio = 0.5 * sound(2.0)
    audio[0, 5000:5002] = 0.96
    write(Path("a.wav"), audio, subtype="FLOAT")
    options = ["--set", "generator=classical", "--set", "reduction_db=0", "--set", "low_cut_hz=0", "--json"]
    latency = []
    for name, repair in (("b.wav", []), ("c.wav", ["--repair", "clicks"])):
        assert live(name, *options, *repair) == 0
        report = json.loads(capsys.readouterr().out)
        latency.append(report["latency"]["processor"])
    assert list(report["settings"]) == ["declick", "denoise"] and latency[1] - latency[0] == 512 + 256
    audio[0, 5000:5002] /= 2.0
    np.testing.assert_allclose(read(Path("c.wav")), audio, atol=1e-5)


def test_a_chain_that_learns_saves_its_profile(capsys: pytest.CaptureFixture[str]) -> None:
    chain = ["--chain", "gain,denoise", "--save-profile", "p.npz", "--json"]
    assert live("b.wav", *chain) == 0
    assert len(json.loads(capsys.readouterr().out)["history"]) > 1
    assert live("c.wav", "--chain", "denoise,gain", "--profile", "p.npz") == 0


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["b.wav", "--chain", "gain", "--save-profile", "p.npz"], "no use where nothing learns"),
        (["b.wav", "--chain", "gain", "--reduction", "3"], "denoise is not in the chain (gain)"),
        (["linked.wav", "--force"], "IN and OUT must be two files"),
        (["b.wav", "--force", "--record", "./linked.wav"], "is one of the files of --simulate"),
    ],
)
def test_nonsense_is_one_line_and_loses_nothing(
    argv: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (os.link if "linked.wav" in argv else os.symlink)("a.wav", "linked.wav")  # another name of the recording
    before = Path("a.wav").read_bytes()
    assert live(*argv) == 2
    err = capsys.readouterr().err
    assert text in err and err.count("\n") == 1
    assert Path("a.wav").read_bytes() == before
    assert sorted(os.listdir()) == ["a.wav", "linked.wav"]
