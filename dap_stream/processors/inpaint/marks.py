"""Stretches that somebody has marked to be filled, as text and as samples."""

from __future__ import annotations

import math

from dap_stream.core.units import seconds_to_samples
from dap_stream.errors import SettingError

FORM = "START-END,START-END,..."
LONGEST_S = 1.0


def parse_marks(text: str) -> tuple[tuple[float, float], ...]:
    """Stretches in seconds, in order, those that meet put together; SettingError if they cannot be.

    Examples
    --------
    >>> parse_marks("2.5-2.75, 1.2-1.3")
    ((1.2, 1.3), (2.5, 2.75))
    """
    marks = sorted(_stretch(part.strip()) for part in text.split(",") if part.strip())
    joined: list[tuple[float, float]] = []
    for start, end in marks:
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(joined.pop()[1], end)
        joined.append((start, end))
    for start, end in joined:
        if end - start > LONGEST_S:
            raise SettingError(
                f"marks={start:g}-{end:g}: {end - start:g} s are more than can be filled; "
                f"mark {LONGEST_S:g} s at most, or cut it out in an editor"
            )
    return tuple(joined)


def _stretch(part: str) -> tuple[float, float]:
    """Start and end in seconds."""
    first, _, last = part.partition("-")
    try:
        start, end = float(first), float(last)
    except ValueError as error:
        raise SettingError(
            f"marks={part[:60]!r} must be two times in seconds, as in 1.20-1.35, "
            "with commas between stretches"
        ) from error
    if not (0.0 <= start < end < math.inf):
        raise SettingError(f"marks={part[:60]!r}: the end must be after the start")
    return start, end


def marks_in_samples(text: str, sample_rate: int) -> list[tuple[int, int]]:
    """First sample of each stretch, and the one behind its last."""
    stretches = [
        (seconds_to_samples(start, sample_rate), seconds_to_samples(end, sample_rate))
        for start, end in parse_marks(text)
    ]
    return [(start, end) for start, end in stretches if end > start]
