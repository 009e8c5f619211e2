"""The inner loop of the true peak, compiled; its twin is in `dap_stream.dsp.reference`."""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F64

_BLOCK = 64  # samples that are left out together where they are too soft
_MARGIN = 1.0 + 1e-9  # of rounding, so that what is left out cannot matter

_jit = jit.kernel()


@_jit
def true_peaks(audio: F64, filters: F64, floor: float, out: F64) -> None:
    """Largest magnitude of all channels from each sample up to the next.

    Parameters
    ----------
    audio
        ``[channels, n + taps - 1]``; the sample of ``out[0]`` has ``taps / 2 - 1`` others before it.
    filters
        ``[places, taps]``: what makes the values between a sample and the next.
    floor
        What is not above it may come out lower than it is.
    out
        ``[n]``.
    """
    n_places, n_taps = filters.shape
    n_out = out.shape[0]
    first = n_taps // 2 - 1
    most = 0.0  # of a value between samples over the largest sample around it
    for p in range(n_places):
        total = 0.0
        for k in range(n_taps):
            total += abs(filters[p, k])
        most = max(most, total)
    between = np.empty(_BLOCK)
    out[:] = 0.0
    for c in range(audio.shape[0]):
        row = audio[c]
        for begin in range(0, n_out, _BLOCK):
            n = min(_BLOCK, n_out - begin)
            loudest = 0.0
            for i in range(begin, begin + n + n_taps - 1):
                loudest = max(loudest, abs(row[i]))
            for i in range(n):
                out[begin + i] = max(out[begin + i], abs(row[begin + i + first]))
            if loudest * most * _MARGIN <= floor:
                continue
            for p in range(n_places):
                between[:n] = 0.0
                for k in range(n_taps):  # the samples are inside, so that many are done at once
                    factor = filters[p, k]
                    for i in range(n):
                        between[i] += factor * row[begin + i + k]
                for i in range(n):
                    out[begin + i] = max(out[begin + i], abs(between[i]))
