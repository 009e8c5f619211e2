"""Learning in a process of its own: the same to the bit, and no trouble of it reaches the stream."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

import dap_stream
from dap_stream.core.array_types import F32
from dap_stream.core.profile import Profile
from dap_stream.errors import DapStreamError, ProfileError
from dap_stream.processors.denoise import learner_process, model
from dap_stream.processors.denoise.learner import Knowledge, Learner, Lesson
from dap_stream.processors.denoise.learner_process import LearnerProcess
from dap_stream.processors.denoise.settings import DenoiseSettings

PATIENCE_S = 60.0
SETTINGS = DenoiseSettings(window_ms=32.0, block_s=0.2, steps=2)
N_NEWEST, N_BINS = 25, 129


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def lesson(profile: Profile | None = None, learns: bool = True) -> Lesson:
    return Lesson(SETTINGS, profile, learns, N_NEWEST)


def observed(seed: int) -> list[F32]:
    """Log power of noise ``[frames, bins]`` of two lanes."""
    return list(np.random.default_rng(seed).standard_normal((2, 200, N_BINS)).astype(np.float32))


def same(one: Knowledge | None, other: Knowledge | None) -> bool:
    assert one is not None and other is not None
    arrays = [
        [level.log_noise for level in knowledge.levels]
        + [level.log_floor for level in knowledge.levels]
        + [array for matrix in knowledge.snapshot.matrices for array in matrix]
        for knowledge in (one, other)
    ]
    return one.trust == other.trust and all(map(np.array_equal, *arrays))


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_same_is_learned_elsewhere_to_the_bit() -> None:
    here = Learner(lesson())
    with LearnerProcess(lesson()) as elsewhere:
        for k in range(3):
            assert same(*(learner.look(observed(k), 0.2 * k, k == 2) for learner in (here, elsewhere)))
        assert list(elsewhere.history) == list(here.history) and len(elsewhere.history) == 3
        assert elsewhere.history[-1].steps == 0, "the last one was frozen"
        weights, same_weights = here.profile().weights, elsewhere.profile().weights
        assert all(np.array_equal(weights[name], value) for name, value in same_weights.items())
        here.reset()
        elsewhere.reset()
        assert list(elsewhere.history) == []
        assert same(here.look(observed(9), 0.0, False), elsewhere.look(observed(9), 0.0, False))


def test_the_record_is_passed_on_when_the_oldest_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "HISTORY_BLOCKS", 1)
    learner = Learner(lesson())
    for k in range(2):
        _, records = learner_process._look(learner, observed(k), 1.0 + k, False)
        assert records == list(learner.history) and records[0].start_s == pytest.approx(0.8 + k)
    trusting = Learner(lesson(learner.profile(), learns=False))
    assert learner_process._look(trusting, observed(0), 1.0, False)[1] == []


NOISY = """
import os, sys
print("a library says hello", flush=True)
os.write(1, b"and so does one in C\\n")
sys.path.remove({folder!r})
del sys.modules["numba"]
import numba
"""


def test_what_libraries_print_when_they_are_imported_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A numba that prints before it is the real one, as some libraries greet or warn."""
    (tmp_path / "numba.py").write_text(NOISY.format(folder=str(tmp_path)))
    monkeypatch.syspath_prepend(tmp_path)
    with LearnerProcess(lesson()) as learner:
        assert isinstance(learner.profile(), Profile)
        assert isinstance(learner.look(observed(0), 0.0, False), Knowledge)
    printed = capfd.readouterr()
    assert not printed.out and "a library says hello\nand so does one in C\n" in printed.err


def test_a_profile_that_does_not_fit_is_told_by_the_first_call() -> None:
    with LearnerProcess(lesson(Profile("band", 32.0, 1, {}))) as learner:
        with pytest.raises(ProfileError, match="the learned weights do not fit"):
            learner.profile()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_one_that_was_killed_is_told_and_leaves_nothing() -> None:
    with LearnerProcess(lesson()) as learner:
        learner.look(observed(0), 0.0, False)
        pid = learner.process.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DapStreamError, match=r"has ended \(exit status -9, often for want of memory\)"):
            learner.look(observed(1), 0.0, False)
        learner.reset()
        with pytest.raises(DapStreamError, match="has ended"):
            learner.profile()
    assert not is_running(pid)
    learner.close()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_signals_for_all_do_not_end_it_before_it_was_asked_for_a_profile() -> None:
    with LearnerProcess(lesson()) as learner:
        pid = learner.process.pid
        assert os.getpgid(pid) != os.getpgrp(), "a terminal's signals do not come to it"
        learner.look(observed(0), 0.0, False)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # of a service manager
            os.kill(pid, number)
        learner.look(observed(1), 0.0, False)
        assert learner.profile().generator == "band"
    assert not is_running(pid)


def test_an_interrupted_question_leaves_the_next_ones_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, timeout: float) -> None:
        raise KeyboardInterrupt

    with LearnerProcess(lesson()) as learner:
        with monkeypatch.context() as patch:
            patch.setattr(Future, "result", interrupted)
            with pytest.raises(KeyboardInterrupt):
                learner.profile()
        assert isinstance(learner.look(observed(0), 0.0, False), Knowledge)
        assert isinstance(learner.profile(), Profile)
    with pytest.raises(DapStreamError, match="was ended already"):
        learner.profile()


def test_half_an_answer_is_as_none() -> None:
    with LearnerProcess(lesson()) as learner:
        learner.profile()
        whole = learner._answers
        learner._answers = io.BytesIO(pickle.dumps(list(range(100)))[:50])  # killed while it wrote
        with pytest.raises(DapStreamError, match="has ended"):
            learner.profile()
        learner._answers = whole


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the system has no autogroups")
def test_learning_goes_last_among_sessions_too() -> None:
    with LearnerProcess(lesson()) as learner:
        learner.profile()
        assert Path(f"/proc/{learner.process.pid}/autogroup").read_text().split()[1:] == ["nice", "10"]
        niceness = min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
        assert os.getpriority(os.PRIO_PROCESS, learner.process.pid) == niceness


ORPHAN = """
import time
from dap_stream.processors.denoise.learner_process import LearnerProcess
from dap_stream.processors.denoise.learner import Lesson
from dap_stream.processors.denoise.settings import DenoiseSettings
# without a guard, as scripts are
learner = LearnerProcess(Lesson(DenoiseSettings(window_ms=32.0), None, True, 25))
print(learner.process.pid, flush=True)
learner.profile()
print("ready", flush=True)
time.sleep(600)
"""


EARLY_ORPHAN = """
import time
from dap_stream.processors.denoise.learner_process import LearnerProcess
from dap_stream.processors.denoise.learner import Lesson
from dap_stream.processors.denoise.settings import DenoiseSettings
learner = LearnerProcess(Lesson(DenoiseSettings(window_ms=32.0), None, True, 25))
print(learner.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux shows them")
def test_it_ends_with_its_parent_while_it_starts() -> None:
    """Formerly only its first look at the pipe ended it, after all imports."""
    Path("early.py").write_text(EARLY_ORPHAN)
    with subprocess.Popen([sys.executable, "early.py"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    until(lambda: not is_running(pid))


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_it_ends_when_nobody_is_left_to_ask() -> None:
    Path("orphan.py").write_text(ORPHAN)
    with subprocess.Popen([sys.executable, "orphan.py"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
    until(lambda: not is_running(pid))
