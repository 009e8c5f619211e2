"""Ctrl-C, termination and a closed terminal end a run as an error does: everything is tidied up."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A second Ctrl-C within this time would only interrupt the tidying up.
_DEAF_S = 2.0
_AGAIN_S = 0.05
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is not everywhere


class Stopped(KeyboardInterrupt):
    """Raised by a signal; ``exit_status`` is 128 + its number, as shells have it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        self.exit_status = 128 + number


def _interrupt_main(number: int) -> None:
    """Send a signal to the main thread: only what arrives there ends a call in which it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(signal.Signals(number))


@contextmanager
def stop_on_signals(is_whole_process: bool = False) -> Iterator[None]:
    """Within the block the signals raise `Stopped`; those that are ignored (nohup, ``&``) stay so.

    ``is_whole_process``: after the block the interpreter ends, and once stopped nothing stops that.
    """
    last = -math.inf

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _DEAF_S:
            last = now
            raise Stopped(number)

    def unraisable(lost: sys.UnraisableHookArgs) -> None:
        """A signal that came within a ``__del__`` or a C callback was dropped by Python: it comes again."""
        nonlocal last
        if isinstance(lost.exc_value, Stopped):
            last = -math.inf
            again = threading.Timer(_AGAIN_S, _interrupt_main, [lost.exc_value.number])
            again.daemon = True
            again.start()
        else:
            hook(lost)

    hook = sys.unraisablehook
    before = {}
    # Python lets only its main thread have handlers; in another one the caller has to see to signals.
    names = _SIGNALS if threading.current_thread() is threading.main_thread() else ()
    try:
        if names:
            sys.unraisablehook = unraisable
        for name in names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) in (
                signal.SIG_DFL,
                signal.default_int_handler,
            ):
                before[number] = signal.signal(number, stop)
        yield
    finally:
        if names:
            sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if is_whole_process and last > -math.inf else handler)
