"""Learning in a process of its own: the same to the bit, and no trouble of it reaches the stream."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from recordings import read, sound, write

import dap_stream
from dap_stream import cli
from dap_stream.errors import DapStreamError, ProfileError
from dap_stream.kernels import F32
from dap_stream.live import apart, learner
from dap_stream.live.apart import LearnerApart
from dap_stream.live.learner import Knowledge, Learner, Lesson
from dap_stream.live.rig import Plan, Rig
from dap_stream.profile import Profile, load_profile
from dap_stream.settings import Settings

PATIENCE_S = 60.0
SETTINGS = Settings(window_ms=32.0, block_s=0.2)
N_NEWEST, N_BINS = 25, 129


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def lesson(profile: Profile | None = None, steps: int = 2) -> Lesson:
    return Lesson(SETTINGS, profile, steps, N_NEWEST)


def observed(seed: int) -> list[F32]:
    """Log power of noise ``[frames, bins]`` of two lanes."""
    return list(np.random.default_rng(seed).standard_normal((2, 200, N_BINS)).astype(np.float32))


def same(one: Knowledge | None, other: Knowledge | None) -> bool:
    assert one is not None and other is not None
    arrays = [
        [level.log_noise for level in each.levels]
        + [level.log_floor for level in each.levels]
        + [array for matrix in each.predictor.matrices for array in matrix]
        for each in (one, other)
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
    with LearnerApart(lesson()) as there:
        for k in range(3):
            assert same(*(each.look(observed(k), 0.2 * k, k == 2) for each in (here, there)))
        assert list(there.history) == list(here.history) and len(there.history) == 3
        assert there.history[-1].steps == 0, "the last one was frozen"
        weights = here.profile().weights
        assert all(np.array_equal(weights[name], value) for name, value in there.profile().weights.items())
        here.reset()
        there.reset()
        assert list(there.history) == []
        assert same(here.look(observed(9), 0.0, False), there.look(observed(9), 0.0, False))


def test_the_record_is_passed_on_when_the_oldest_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "HISTORY_BLOCKS", 1)
    here = Learner(lesson())
    for k in range(2):
        _, records = apart._look(here, np.stack(observed(k)).tobytes(), (2, 200, N_BINS), 1.0 + k, False)
        assert records == list(here.history) and records[0].start_s == pytest.approx(0.8 + k)
    trusting = Learner(lesson(here.profile(), steps=0))
    assert apart._look(trusting, np.stack(observed(0)).tobytes(), (2, 200, N_BINS), 1.0, False)[1] == []


def test_a_profile_that_does_not_fit_is_told_by_the_first_call() -> None:
    with LearnerApart(lesson(Profile("context", 32.0, {}))) as there:
        with pytest.raises(ProfileError, match="the learned weights do not fit"):
            there.profile()
    rig = Rig(Plan(SETTINGS, 16000, 1, 64, 2), Profile("context", 32.0, {}))
    with contextlib.closing(rig), pytest.raises(ProfileError, match="do not fit"):
        rig.warm_up(0.0)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_one_that_was_killed_is_told_and_leaves_nothing() -> None:
    with LearnerApart(lesson()) as there:
        there.look(observed(0), 0.0, False)
        pid = there.process.pid
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(DapStreamError, match=r"has ended \(exit status -9, often for want of memory\)"):
            there.look(observed(1), 0.0, False)
        there.reset()
        with pytest.raises(DapStreamError, match="has ended"):
            there.profile()
    assert not is_running(pid)
    there.close()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_signals_for_all_do_not_end_it_before_it_was_asked_for_a_profile() -> None:
    with LearnerApart(lesson()) as there:
        pid = there.process.pid
        assert os.getpgid(pid) != os.getpgrp(), "a terminal's signals do not come to it"
        there.look(observed(0), 0.0, False)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):  # of a service manager
            os.kill(pid, number)
        there.look(observed(1), 0.0, False)
        assert there.profile().generator == "context"
    assert not is_running(pid)


def test_an_interrupted_question_leaves_the_next_ones_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object, timeout: float) -> None:
        raise KeyboardInterrupt

    with LearnerApart(lesson()) as there:
        with monkeypatch.context() as patch:
            patch.setattr(apart.Future, "result", interrupted)
            with pytest.raises(KeyboardInterrupt):
                there.profile()
        assert isinstance(there.look(observed(0), 0.0, False), Knowledge)
        assert isinstance(there.profile(), Profile)
    with pytest.raises(DapStreamError, match="was ended already"):
        there.profile()


def test_half_an_answer_is_as_none() -> None:
    with LearnerApart(lesson()) as there:
        there.profile()
        whole = there._answers
        there._answers = io.BytesIO(pickle.dumps(list(range(100)))[:50])  # killed while it wrote
        with pytest.raises(DapStreamError, match="has ended"):
            there.profile()
        there._answers = whole


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="the system has no autogroups")
def test_learning_goes_last_among_sessions_too() -> None:
    with LearnerApart(lesson()) as there:
        there.profile()
        assert Path(f"/proc/{there.process.pid}/autogroup").read_text().split()[1:] == ["nice", "10"]
        assert os.getpriority(os.PRIO_PROCESS, there.process.pid) == 10


ORPHAN = """
import time
from dap_stream.live.apart import LearnerApart
from dap_stream.live.learner import Lesson
from dap_stream.settings import Settings
there = LearnerApart(Lesson(Settings(window_ms=32.0), None, 1, 25))  # without a guard, as scripts are
print(there.process.pid, flush=True)
there.profile()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes as Linux shows them")
def test_it_ends_when_nobody_is_left_to_ask() -> None:
    Path("orphan.py").write_text(ORPHAN)
    with subprocess.Popen([sys.executable, "orphan.py"], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert parent.stdout.readline() == "ready\n"
        parent.kill()
    until(lambda: not is_running(pid))


def test_what_warming_up_taught_is_forgotten() -> None:
    noisy = sound(1.0, 16000).astype(np.float32)
    out = []
    for is_warmed_up in (False, True):
        rig = Rig(Plan(SETTINGS, 16000, 1, 64, 2), is_inline=True)
        if is_warmed_up:
            rig.warm_up()
        rig.link.reset()
        out.append(rig.inside.process(noisy))
        assert rig.history
        rig.close()
    np.testing.assert_array_equal(*out)


# ---------------------------------------------------------------- the command

SIMULATE = ("--simulate", "a.wav", "b.wav", "--real-time", "--no-ui", "--json")
WITHOUT_TORCH = """
import sys
from dap_stream import cli
status = cli.main(sys.argv[1:])
sys.exit(status or ("torch" in sys.modules and 77))
"""


def test_who_processes_does_without_torch() -> None:
    """It is ready sooner, and needs a third of the memory."""
    write(Path("a.wav"), sound(2.0))
    command = [sys.executable, "-c", WITHOUT_TORCH, "live", *SIMULATE]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["history"], "and yet it was learned"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes as Linux shows them")
def test_the_stream_goes_on_when_the_learning_dies() -> None:
    write(Path("a.wav"), sound(4.0))
    command = [sys.executable, "-m", "dap_stream", "live", *SIMULATE, "--save-profile", "p.npz"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        assert any("latency" in line for line in process.stderr)  # behind "getting ready" on a new machine
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGKILL)
        out, error = process.stdout.read(), process.stderr.read()
    assert process.returncode == 1 and "Traceback" not in error
    lines = [line for line in error.splitlines() if "warning" not in line]
    assert (
        "the process that learns has ended (exit status -9" in lines[0] and "the stream goes on" in lines[0]
    )
    assert json.loads(out)["error"] in lines[-1]
    assert read(Path("b.wav")).shape == (1, 64000), "to its end"
    assert not Path("p.npz").exists()


def test_a_file_stopped_half_way_replaces_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("a.wav"), sound(2.0))
    options = ["--no-ui", "--save-profile", "p.npz", "--force", "--record", "r.wav"]
    assert cli.main(["live", "--simulate", "a.wav", "b.wav", *options]) == 0
    before = Path("p.npz").read_bytes()
    write(Path("a.wav"), sound(60.0))
    command = [sys.executable, "-m", "dap_stream", "live", "--simulate", "a.wav", "b.wav", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: Path("r.wav").stat().st_size > 200_000)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert Path("p.npz").read_bytes() == before and load_profile("p.npz").window_ms == 32.0
    assert read(Path("b.wav")).shape == (1, 32000), "the last result stays"
    assert read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
