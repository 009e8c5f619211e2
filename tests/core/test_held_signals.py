"""Signals that come while they are held back are raised afterwards, and none is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from dap_stream.core.held_signals import held_back
from dap_stream.core.interrupts import Stopped, stop_on_signals

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_raised_after_the_block(number: signal.Signals) -> None:
    done = []
    with stop_on_signals():
        handlers = [signal.getsignal(each) for each in NUMBERS]
        with pytest.raises(Stopped, match=number.name):
            with held_back():
                signal.raise_signal(number)
                done.append("all of it")
        assert [signal.getsignal(each) for each in NUMBERS] == handlers
    assert done == ["all of it"]


def test_a_signal_comes_before_an_error_of_the_block() -> None:
    with stop_on_signals(), pytest.raises(Stopped) as caught:
        with held_back():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("broken")
    assert isinstance(caught.value.__context__, ValueError)


def test_blocks_in_blocks_hold_until_the_outermost_ends() -> None:
    done = []
    with stop_on_signals(), pytest.raises(Stopped):
        with held_back():
            with held_back():
                signal.raise_signal(signal.SIGINT)
            done.append("the rest")
    assert done == ["the rest"]


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held_back():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_without_handlers_a_signal_ends_the_program_after_the_block() -> None:
    script = """
import signal
from dap_stream.core.held_signals import held_back
with held_back():
    signal.raise_signal(signal.SIGTERM)
    print("all of it", flush=True)
print("never", flush=True)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == -signal.SIGTERM and run.stdout == "all of it\n"


def test_another_thread_has_no_handlers_and_no_error() -> None:
    errors = []

    def work() -> None:
        try:
            with held_back():
                pass
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []
