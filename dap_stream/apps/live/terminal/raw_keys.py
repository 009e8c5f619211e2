"""Single keys from a terminal, which is as it was before whatever happens."""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import time
from types import FrameType, TracebackType
from typing import Any

from dap_stream.apps.live.terminal.key_parser import KeyParser

try:
    import termios
    import tty
except ImportError:  # not a Unix system
    termios = tty = None  # type: ignore[assignment]

_MOST_BYTES = 4096  # read at a time: what is pasted comes in large pieces


class RawKeys:
    """Within the ``with`` block `read` gives keys as they are pressed; Ctrl-C and Ctrl-Z work as ever.

    Without a terminal of our own there are no keys, and ``reason`` says why.
    """

    def __init__(self, is_wanted: bool = True) -> None:
        self.reason: str | None = None
        self._is_wanted = is_wanted
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}
        self._file = -1
        self._parser = KeyParser()

    def __enter__(self) -> RawKeys:
        self.reason = self._why_not() if self._is_wanted else "no keys without a display"
        if self.reason is not None:
            return self
        self._file = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._file)
        atexit.register(self._restore)
        self._handlers[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._pause)
        self._handlers[signal.SIGCONT] = signal.signal(signal.SIGCONT, self._go_on)
        tty.setcbreak(self._file)
        return self

    @staticmethod
    def _why_not() -> str | None:
        if termios is None:
            return "no keys on this system"
        try:
            if not sys.stdin.isatty():
                return "no keys, since standard input is not a terminal"
            if os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
                return "no keys in the background"
        except (OSError, ValueError, AttributeError):
            return "no keys, since there is no terminal"
        return None

    def read(self, seconds: float) -> str:
        """Keys that were pressed, at most ``seconds`` later; empty if nothing was."""
        if self.reason is not None:
            time.sleep(seconds)
            return ""
        try:
            if os.tcgetpgrp(self._file) != os.getpgrp():  # in the background keys are the shell's
                time.sleep(seconds)
                return ""
            ready, _, _ = select.select([self._file], [], [], seconds)
            if not ready:
                return ""
            data = os.read(self._file, _MOST_BYTES)
        except OSError:
            data = b""
        if not data:  # the terminal is gone
            self.reason = "no keys any more"
        return self._parser.feed(data, time.monotonic())

    def _restore(self) -> None:
        if self._before is not None:
            try:
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
            except termios.error:
                return  # the terminal is gone, and its settings with it

    def _pause(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal as it was, and only then we stop."""
        self._restore()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTSTP, self._pause)
        if os.tcgetpgrp(self._file) == os.getpgrp():  # fg, not bg
            tty.setcbreak(self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()
        self._restore()
        self._before = None
        atexit.unregister(self._restore)
