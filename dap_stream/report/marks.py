"""Marks on a time line, as SVG: where something was found."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

COLUMNS = 1000  # of the time line: marks nearer than that are one


def marks_svg(marks: Sequence[tuple[float, float]], seconds: float, label: str) -> str:
    """A strip with a bar for each mark (start and length in seconds), the shortest still to be seen."""
    is_marked = np.zeros(COLUMNS + 2, bool)
    scale = COLUMNS / max(seconds, 1e-9)
    for start_s, length_s in marks:
        first = min(max(int(start_s * scale), 0), COLUMNS - 1)
        last = min(max(int(np.ceil((start_s + length_s) * scale)), first + 1), COLUMNS)
        is_marked[first + 1 : last + 1] = True
    edges = np.diff(is_marked.astype(np.int8))
    bars = zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True)
    path = "".join(f"M{start} 0H{stop}V1H{start}z" for start, stop in bars)
    return (
        f'<svg viewBox="0 0 {COLUMNS} 1" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(label)}"><path class="mark" d="{path}"/></svg>'
    )
