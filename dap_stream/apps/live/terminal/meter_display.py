"""Two lines at the foot of a terminal that say how a live stream does. No curses: a line, drawn again."""

from __future__ import annotations

import math
import os
import sys
from typing import TextIO

from dap_stream.apps.live.live_chain import StreamStatus
from dap_stream.core.units import format_seconds

_FLOOR_DB = -60.0  # left end of the bars
_BAR = 12  # characters


def bar(db: float) -> str:
    """A level from -60 to 0 dBFS; the last place is for what clips."""
    share = min(max((db - _FLOOR_DB) / -_FLOOR_DB, 0.0), 1.0) if db > _FLOOR_DB else 0.0
    filled = round(share * _BAR)
    return "#" * filled + "." * (_BAR - filled) + ("!" if db > 0.0 else "|")


def _level(name: str, db: float) -> str:
    return f"{name} {bar(db)}{f'{db:4.0f}' if math.isfinite(db) else '   -'} dB"


def lines(now: StreamStatus) -> tuple[str, str]:
    """Two lines of up to 80 characters."""
    first = (
        f"{_level('in', now.peak_in_db)}  {_level('out', now.peak_out_db)}  "
        f"removed {now.attenuation_db:4.1f} dB  {format_seconds(now.seconds)}"
    )
    learning = "" if now.loss is None else f" fit {now.loss:.2f}/{now.steps}" if now.steps else ""
    if now.loss is not None and not now.steps:
        learning = f" fit {now.loss:.2f}" if math.isfinite(now.loss) else " fit -"
    reduction = "" if now.reduction_db is None else f" -{now.reduction_db:g} dB"
    marks = "".join(
        f" {mark}"
        for mark, is_on in (("BYPASS", now.is_bypassed), ("FROZEN", now.is_frozen), ("REC", now.is_recording))
        if is_on
    )
    second = (
        f"{now.latency_ms:.0f} ms load {100 * now.load:.0f}/{100 * now.load_p999:.0f}% late {now.late_blocks}"
        f" lost {now.lost_samples}{learning} wet {100 * now.wet:.0f}%{reduction}{marks}"
    )
    return first, second


class MeterDisplay:
    """Draws on standard error, if that is a terminal; texts in between scroll up above it."""

    def __init__(self, is_wanted: bool = True, file: TextIO | None = None) -> None:
        self._file = file or sys.stderr
        self.is_shown = is_wanted and self._file.isatty()
        self._is_dumb = os.environ.get("TERM", "dumb") == "dumb"
        self._n_drawn = 0  # lines, or on a dumb terminal characters

    def draw(self, now: StreamStatus) -> None:
        """Replace what was drawn last."""
        if not self.is_shown:
            return
        first, second = lines(now)
        width = self._width() - 1  # in the last column terminals differ
        if self._is_dumb:
            text = second[:width]
            self._put("\r" + text.ljust(self._n_drawn))
            self._n_drawn = len(text)
        else:
            self._put(f"\r\x1b[K{first[:width]}\n\x1b[K{second[:width]}\x1b[1A\r")
            self._n_drawn = 2

    def clear(self) -> None:
        """Take it away."""
        if self._n_drawn:
            self._put("\r" + " " * self._n_drawn + "\r" if self._is_dumb else "\r\x1b[J")
            self._n_drawn = 0

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self._put(f"dap-stream: {text}\n")

    def _put(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError):  # the terminal is gone: the sound need not stop for that
            self.is_shown, self._n_drawn = False, 0

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._file.fileno()).columns or 80
        except (OSError, ValueError, AttributeError):
            return 80
