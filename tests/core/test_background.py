"""One piece of work at a time beside a stream: what is dropped, what is waited for, what goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from dap_stream.core import background as module
from dap_stream.core.background import Background

PATIENCE_S = 20.0


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


class Gate:
    """Work that takes until it is opened."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_S)


def n_threads() -> int:
    return sum(thread.name == "dap_stream learning" for thread in threading.enumerate())


def test_what_comes_while_it_is_busy_is_dropped() -> None:
    background, done, gate = Background(), list[str](), Gate()
    background.submit(lambda: done.append("at once"))
    assert done == ["at once"]
    background.start()
    background.submit(gate)
    background.submit(lambda: done.append("dropped"))
    assert background.dropped == 1
    gate.may_end.set()
    background.stop()
    background.submit(lambda: done.append("at once again"))
    assert done == ["at once", "at once again"] and background.dropped == 1


def test_after_an_error_nothing_more_is_done() -> None:
    background, done = Background(), list[str]()
    background.start()
    background.submit(lambda: 1 / 0)  # type: ignore[arg-type]
    until(lambda: background.error is not None)
    assert isinstance(background.error, ZeroDivisionError)
    background.submit(lambda: done.append("beside"))
    background.stop()
    background.submit(lambda: done.append("at once"))
    assert done == [] and background.dropped == 2


def stopped_in_vain(monkeypatch: pytest.MonkeyPatch) -> tuple[Background, Gate]:
    """One whose work outlasts the patience of `stop`."""
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)
    background, gate = Background(), Gate()
    background.start()
    background.submit(gate)
    assert gate.has_begun.wait(PATIENCE_S)
    background.stop()
    assert n_threads() == 1, "it still hangs"
    return background, gate


def test_work_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    _, gate = stopped_in_vain(monkeypatch)
    gate.may_end.set()
    until(lambda: n_threads() == 0)


def test_after_work_that_hung_the_same_thread_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    background, gate = stopped_in_vain(monkeypatch)
    threads = list[int]()
    background.start()
    assert n_threads() == 1
    gate.may_end.set()
    until(lambda: background._work is None)
    background.submit(lambda: threads.append(threading.get_ident()))
    background.stop()
    until(lambda: n_threads() == 0)
    assert len(threads) == 1 and threads != [threading.get_ident()]


def test_it_starts_again_and_again_without_losing_work() -> None:
    """Each piece is done: none is given to a thread that is about to end."""
    background, done = Background(), list[int]()
    for k in range(200):
        background.start()
        background.submit(lambda k=k: done.append(k))  # type: ignore[misc]
        background.stop()
    assert done == list(range(200)) and background.dropped == 0
