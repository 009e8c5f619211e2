"""Steps on one thread, which no other thread may feel; the optimiser against torch's own."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
import torch

from dap_stream.core import parallel
from dap_stream.core.interrupts import Stopped, stop_on_signals
from dap_stream.models import training
from dap_stream.models.training import Adam, Fitter, on_one_thread

N_THREADS = 3  # any number but 1


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has never trained, and whose torch has been told how many threads to use."""
    before = torch.get_num_threads()
    torch.set_num_threads(N_THREADS)
    monkeypatch.setattr(training, "_workers", training._Workers())
    yield
    torch.set_num_threads(before)


def numbers_in_new_thread(go_on: threading.Event, numbers: list[int]) -> threading.Thread:
    """Looks at torch's number of threads now, and again after ``go_on``."""
    has_looked = threading.Event()

    def look_twice() -> None:
        numbers.append(torch.get_num_threads())
        has_looked.set()
        go_on.wait(60.0)
        numbers.append(torch.get_num_threads())

    thread = threading.Thread(target=look_twice)
    thread.start()
    assert has_looked.wait(60.0)
    return thread


def number_of_a_new_thread() -> int:
    numbers: list[int] = []
    thread = threading.Thread(target=lambda: numbers.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    return numbers[0]


def test_the_work_has_one_thread_and_nobody_else_feels_it() -> None:
    """Threads born meanwhile too: the number that torch has at their first look is theirs for ever."""
    go_on, numbers = threading.Event(), list[int]()

    def work() -> tuple[int, threading.Thread]:
        return torch.get_num_threads(), numbers_in_new_thread(go_on, numbers)

    inside, born_meanwhile = on_one_thread(work)
    assert inside == 1
    assert torch.get_num_threads() == number_of_a_new_thread() == N_THREADS
    go_on.set()
    born_meanwhile.join()
    assert numbers == [N_THREADS, N_THREADS]


def test_a_number_of_the_calling_thread_alone_is_not_made_that_of_the_process() -> None:
    numbers: list[int] = []

    def train() -> None:
        torch.get_num_threads()
        torch.set_num_threads(5)  # of this thread, and of the process
        on_main_again.set()
        is_set_back.wait(60.0)
        on_one_thread(int)
        numbers.append(torch.get_num_threads())

    on_main_again, is_set_back = threading.Event(), threading.Event()
    thread = threading.Thread(target=train)
    thread.start()
    assert on_main_again.wait(60.0)
    torch.set_num_threads(N_THREADS)
    is_set_back.set()
    thread.join()
    assert numbers == [5] and number_of_a_new_thread() == N_THREADS


def test_two_at_once_put_back_nothing_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who comes second sees torch as the first has it, and leaves last."""
    monkeypatch.setattr(parallel, "n_cores", lambda: 2)
    inside: list[int] = []
    may_leave = [threading.Event(), threading.Event()]
    callers = []

    def work(has_come: threading.Event, may_leave: threading.Event) -> None:
        inside.append(torch.get_num_threads())
        has_come.set()
        may_leave.wait(60.0)

    for event in may_leave:
        has_come = threading.Event()

        callers.append(threading.Thread(target=on_one_thread, args=(work, has_come, event)))
        callers[-1].start()
        assert has_come.wait(60.0)
    for event, caller in zip(may_leave, callers, strict=True):
        event.set()
        caller.join()
    assert inside == [1, 1]
    assert torch.get_num_threads() == number_of_a_new_thread() == N_THREADS


def test_the_result_and_errors_come_back() -> None:
    assert on_one_thread(divmod, 17, 5) == (3, 2)
    with pytest.raises(ZeroDivisionError):
        on_one_thread(lambda: 1 // 0)
    assert on_one_thread(divmod, 17, 5) == (3, 2)


def test_work_may_have_such_work_inside() -> None:
    """Deeper than there are threads: one that waited for another would wait for ever."""

    def nested(depth: int) -> int:
        return depth if depth == 0 else on_one_thread(nested, depth - 1)

    assert on_one_thread(nested, parallel.n_cores() + 1) == 0


def test_gradients_are_kept_for_the_work_whatever_the_caller_does() -> None:
    with torch.no_grad():
        assert on_one_thread(lambda: (torch.ones(2, requires_grad=True) * 2.0).requires_grad)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals for threads on this system")
def test_whoever_is_stopped_while_waiting_leaves_nothing_running() -> None:
    is_done, never = threading.Event(), threading.Event()

    def work() -> None:
        # What a Ctrl-C does: the main thread stops waiting, in the middle of this.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        never.wait(0.3)
        is_done.set()

    on_one_thread(int)
    with pytest.raises(Stopped), stop_on_signals():
        on_one_thread(work)
    assert is_done.is_set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_has_threads_of_its_own() -> None:
    program = """
import os, sys, torch
from dap_stream.models.training import on_one_thread
on_one_thread(int)
child = os.fork()
if child == 0:
    os._exit(0 if on_one_thread(torch.get_num_threads) == 1 else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=False)
    assert run.returncode == 0


def test_a_failure_to_start_says_so_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(parallel, "started_pool", fail)
        with pytest.raises(RuntimeError, match="can't start"):
            on_one_thread(int)
    assert number_of_a_new_thread() == N_THREADS and on_one_thread(torch.get_num_threads) == 1


def parabola(centre: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda place: torch.sum((place - centre) ** 2)


def test_adam_is_that_of_torch() -> None:
    start, loss_of = torch.tensor([3.0, -2.0, 0.5]), parabola(torch.tensor([1.0, 1.0, 1.0]))
    ours, theirs = (start.clone().requires_grad_() for _ in range(2))
    adam = Adam([ours])
    reference = torch.optim.Adam([theirs], 0.1, training.MOMENTS, training.LEAST_ROOT)
    for _ in range(20):
        for place in (ours, theirs):
            place.grad = None
            loss_of(place).backward()
        adam.step(0.1)
        reference.step()
    torch.testing.assert_close(ours, theirs)


def test_a_fitter_goes_down_and_says_the_loss_of_its_last_step() -> None:
    torch.manual_seed(0)
    fitter = Fitter(torch.nn.Linear(3, 1), 0.05)
    inputs, targets = torch.randn(64, 3), torch.randn(64, 1)
    assert math.isnan(fitter.loss)
    losses = []
    for _ in range(40):
        loss = torch.mean((fitter.network(inputs) - targets) ** 2)
        fitter.step(loss)
        losses.append(float(loss.detach()))
        assert fitter.loss == losses[-1]
    assert losses[-1] < losses[0]
    averaged = torch.mean((fitter.averaged(inputs) - targets) ** 2)
    assert float(averaged) < losses[0] and not any(p.requires_grad for p in fitter.averaged.parameters())
