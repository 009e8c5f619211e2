"""Some of the trials of bench/reliability.py, of every kind; there are thousands more, for one command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from bench.hostile import inputs, rules
from bench.hostile.forked import Forked
from bench.reliability import TRIES, tried

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks of one process, and wait4 of each")
FIRST = 1_000_000  # other seeds than those of the bench
N_TRIALS = {"audio files": 160, "kills": 16, "full disks": 12}


@pytest.mark.parametrize("kind", TRIES)
def test_no_rule_is_broken(kind: str) -> None:
    trials = tried(kind, FIRST, N_TRIALS.get(kind, 30))
    if not trials:
        pytest.skip("a small disk needs the right to mount")
    assert [(trial.seed, trial.what, trial.faults, trial.run.err) for trial in trials if trial.faults] == []
    if kind != "command lines":  # hardly one of which is right
        assert len({trial.run.status != 0 for trial in trials}) == 2, "some are refused and some are not"


@pytest.fixture
def forked(tmp_path: Path) -> Iterator[Forked]:
    with Forked(tmp_path) as it:
        yield it


def test_the_rules_see_what_breaks_them(forked: Forked) -> None:
    """An error is one, a loss is one, and so is a file that nobody asked to change."""
    run = forked.run(["denoise", "nothing.wav", "-o", "b.wav"])
    assert run.status == 1 and rules.broken(run) == [] and run.seconds > 0.0 and run.memory > 1e7
    folder = forked.folder
    soundfile.write(folder / "a.wav", inputs.tone(), inputs.RATE)
    run = forked.run(["denoise", "a.wav", "-o", "b.wav", "-q", "--set", "generator=classical"])
    assert run.status == 0 and rules.silent_loss(run, folder / "a.wav", folder / "b.wav") == []
    soundfile.write(folder / "b.wav", inputs.tone()[:2000], inputs.RATE)
    assert len(rules.silent_loss(run, folder / "a.wav", folder / "b.wav")) >= 1
    assert rules.broken_by_files(run, {"a": b"1"}, {"a": b"2", "b": b""}, ["b"]) == ["a was changed"]
