"""Threads for pieces of work: order, errors, and that a fork has threads of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from dap_stream.core import parallel
from dap_stream.core.interrupts import Stopped, stop_on_signals


def test_results_come_in_the_order_of_the_pieces() -> None:
    def slow_at_first(i: int) -> int:
        time.sleep(0.01 * (3 - i))
        return i * i

    assert parallel.parallel_map(slow_at_first, range(4)) == [0, 1, 4, 9]


def test_an_error_of_a_piece_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.parallel_map(lambda i: 1 // i, [1, 0])


def test_as_many_threads_as_cores() -> None:
    def name_of_thread(i: int) -> str:
        time.sleep(0.01)
        return threading.current_thread().name

    names = set(parallel.parallel_map(name_of_thread, range(50)))
    assert 1 <= len(names) <= parallel.n_cores()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_has_threads_of_its_own() -> None:
    """A fork copies no threads: with those of its parent the child would wait for ever."""
    program = """
import os, sys
from dap_stream.core import parallel
parallel.parallel_map(abs, range(20))
child = os.fork()
if child == 0:
    os._exit(0 if parallel.parallel_map(abs, [-2]) == [2] else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    run = subprocess.run([sys.executable, "-W", "ignore", "-c", program], timeout=60, check=False)
    assert run.returncode == 0


def test_items_are_made_one_ahead_in_order_and_not_after_an_error() -> None:
    made = []

    def items() -> Iterator[int]:
        for i in range(10):
            made.append(i)
            yield i

    with parallel.prefetch(items()) as prepared:
        for i in prepared:
            assert i < len(made) <= i + 2
    assert made == list(range(10))
    made.clear()
    with pytest.raises(ZeroDivisionError), parallel.prefetch(items()) as prepared:
        assert next(prepared) == 0
        raise ZeroDivisionError
    assert made == [0, 1], "nothing is made once the block is left"


def test_an_error_of_the_next_item_is_raised_when_its_turn_comes() -> None:
    with parallel.prefetch(1 // i for i in (1, 0)) as prepared:
        assert next(prepared) == 1
        with pytest.raises(ZeroDivisionError):
            next(prepared)
    with parallel.prefetch(iter(())) as nothing:
        assert list(nothing) == []


def test_whoever_is_stopped_while_waiting_leaves_nothing_running() -> None:
    """The thread may be inside a file that is closed right afterwards."""
    is_done = threading.Event()

    def slow() -> Iterator[int]:
        time.sleep(0.5)
        is_done.set()
        yield 0

    threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(Stopped), stop_on_signals(), parallel.prefetch(slow()) as prepared:
        next(prepared)
    assert is_done.is_set()


INTERRUPTED = """
import threading
from dap_stream.core import parallel

start = threading.Thread.start

def interrupted(self):
    start(self)
    if threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt

threading.Thread.start = interrupted
try:
    parallel.parallel_map(abs, [1, 2, 3])
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_while_threads_start_does_not_keep_python_from_ending() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, "interrupted\n"), run.stderr
