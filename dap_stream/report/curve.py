"""A curve over one axis as inline SVG, coloured by the page that it is put into."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from dap_stream.core.array_types import F64

WIDTH, HEIGHT = 1000, 180
_MOST_POINTS = 1000


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers in the range, at most about so many.

    >>> ticks(0.0, 23.0)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    span = max(high - low, 1e-9)
    unit = 10.0 ** np.floor(np.log10(span / most))
    step = next(factor * unit for factor in (1, 2, 5, 10) if span / (factor * unit) <= most)
    return [
        round(float(i * step), 10) for i in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)
    ]


def curve_svg(x: Sequence[float] | F64, y: Sequence[float] | F64, label: str, unit: str = "") -> str:
    """``y`` over ``x`` with an axis of round numbers; ``label`` is what a screen reader says."""
    across, up = _thinned(np.asarray(x, np.float64), np.asarray(y, np.float64))
    low, high = min(float(up.min()), 0.0), float(up.max())
    high = high if high > low else low + 1.0
    marks = ticks(low, high)
    span = (float(across.max()) - float(across.min())) or 1.0
    left = (across - across.min()) / span * WIDTH
    top = HEIGHT - (up - low) / (high - low) * (HEIGHT - 12) - 2
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(left, top, strict=True))
    grid = "".join(
        f'<line class="grid" x1="0" x2="{WIDTH}" y1="{place:.1f}" y2="{place:.1f}"/>'
        for place in (HEIGHT - (mark - low) / (high - low) * (HEIGHT - 12) - 2 for mark in marks)
    )
    names = "".join(
        f'<span style="bottom:{((mark - low) / (high - low) * (HEIGHT - 12) + 2) / HEIGHT * 100:.2f}%">'
        f"{mark:g}</span>"
        for mark in marks
    )
    return (
        f'<div class="y-axis" aria-hidden="true">{names}<em>{html.escape(unit)}</em></div>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{html.escape(label)}">{grid}'
        f'<polygon class="area" points="0,{HEIGHT} {line} {left[-1]:.1f},{HEIGHT}"/>'
        f'<polyline class="line" points="{line}"/></svg>'
    )


def _thinned(x: F64, y: F64) -> tuple[F64, F64]:
    """Means of equal parts, if there are more points than can be seen."""
    if len(x) <= _MOST_POINTS:
        return x, y
    parts = np.array_split(np.arange(len(x)), _MOST_POINTS)
    return np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])
