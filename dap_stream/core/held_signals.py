"""Signals wait while something is done that must not be cut in two."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # the last is not everywhere


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block these signals are noted; the first of them is raised after it, whatever it then does.

    It comes before an error of the block: whoever wants the run to end has no use for the next recording.
    Ignored signals stay ignored. In another thread than the main one nothing is held back: Python interrupts
    the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = _Held()
    try:
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            # None: a handler that Python did not set and could not set again.
            if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                held.before[number] = signal.getsignal(number)
                signal.signal(number, held)
        yield
    finally:
        # From here on they go through: one that comes between two of these lines does what it should.
        held.is_over = True
        for number, handler in held.before.items():
            signal.signal(number, handler)
        if held.noted:
            signal.raise_signal(held.noted[0])


class _Held:
    """A handler that only notes, until it is over."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}
        self.noted: list[int] = []
        self.is_over = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if not self.is_over:
            self.noted.append(number)
            return
        handler = self.before[number]
        if callable(handler):
            handler(number, frame)
        else:
            signal.signal(number, handler)
            signal.raise_signal(number)
