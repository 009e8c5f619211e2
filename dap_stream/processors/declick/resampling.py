"""To a lower rate and back, within a window."""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F64

_CROSSINGS = 6  # of the sinc on each side

_jit = jit.kernel(fastmath={"reassoc", "contract", "nsz"})


def low_pass(factor: int) -> F64:
    """Symmetric filter, its gain 1 up to about 0.8 of half the rate that is ``factor`` times lower.

    A single 1 for factor 1.
    """
    half = _CROSSINGS * factor if factor > 1 else 0
    time = np.arange(-half, half + 1)
    taps = np.sinc(0.9 * time / factor) * np.hanning(2 * half + 3)[1:-1]
    return np.asarray(taps / taps.sum())


@_jit
def decimate(x: F64, taps: F64, factor: int) -> F64:
    """Every ``factor``-th sample of ``x`` filtered by the symmetric ``taps``, the first one that of ``x``."""
    half = len(taps) // 2
    out = np.zeros((len(x) - 1) // factor + 1)
    for i in range(len(out)):
        centre = i * factor
        begin, end = max(centre - half, 0), min(centre + half + 1, len(x))
        heard, weights = x[begin:end], taps[begin - centre + half : end - centre + half]
        total = 0.0
        for j in range(len(heard)):
            total += heard[j] * weights[j]
        out[i] = total
    return out


@_jit
def spread(difference: F64, begin: int, taps: F64, factor: int, x: F64) -> None:
    """Add to ``x`` what was changed at the lower rate, from its sample ``begin`` on."""
    half = len(taps) // 2
    for k in range(len(difference)):
        centre = (begin + k) * factor
        for j in range(max(centre - half, 0), min(centre + half + 1, len(x))):
            x[j] += factor * difference[k] * taps[j - centre + half]
