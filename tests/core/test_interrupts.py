from __future__ import annotations

import signal
import sys
import threading
import time

import pytest

from dap_stream.core.interrupts import Stopped, stop_on_signals


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_raises_once_and_what_tidies_up_is_left_alone(number: signal.Signals, status: int) -> None:
    before = signal.getsignal(number)
    with stop_on_signals():
        with pytest.raises(Stopped, match=number.name) as caught:
            signal.raise_signal(number)
        signal.raise_signal(number)  # the impatient user's second Ctrl-C: nothing is raised here
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.exit_status == status
    assert signal.getsignal(number) is before


def test_once_stopped_a_process_ends_in_peace() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with stop_on_signals(is_whole_process=True):
            pass
        assert signal.getsignal(signal.SIGTERM) is before[signal.SIGTERM], "it was not stopped"
        with pytest.raises(Stopped), stop_on_signals(is_whole_process=True):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_signals_that_are_ignored_stay_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_on_signals():
            signal.raise_signal(signal.SIGHUP)  # nohup
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_has_no_handlers_and_no_error() -> None:
    errors = []

    def work() -> None:
        try:
            with stop_on_signals():
                pass
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []


def test_a_signal_that_python_dropped_comes_again() -> None:
    class Deaf:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)  # what is raised in here is never heard of

    hook, began = sys.unraisablehook, time.monotonic()
    with pytest.raises(Stopped, match="SIGINT"), stop_on_signals():
        Deaf()
        time.sleep(20.0)
    assert time.monotonic() - began < 19.0, "it has to end the wait, not come after it"
    assert sys.unraisablehook is hook


def test_other_errors_that_python_drops_are_told_as_always() -> None:
    class Broken:
        def __del__(self) -> None:
            raise ValueError("broken")

    told: list[object] = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda lost: told.append(lost.exc_value)
    try:
        with stop_on_signals():
            Broken()
    finally:
        sys.unraisablehook = hook
    assert [str(error) for error in told] == ["broken"]
