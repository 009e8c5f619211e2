"""Stretches in which samples are exactly equal: to each other, or to those a while before.

Sound that was recorded does not do that; lost and repeated buffers do. Each kernel has a plain twin in the
tests.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F64, I64

KEY = 8
"""Samples that have to be equal before a repetition is looked at."""

_TABLE_BITS = 15  # several times as many places as the longest repetition has samples
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio (Knuth): bits of a product spread well
_ODD = np.uint64(1099511628211)

_jit = jit.kernel()


@_jit
def constant_runs(x: F64, shortest: int, out: I64) -> int:
    """Find runs of at least ``shortest`` equal samples in ``x [samples]``.

    Starts and ends (the sample behind the last) go to ``out [runs, 2]``; how many is returned. No more are
    found than there is room for.
    """
    count, start = 0, 0
    for i in range(1, len(x) + 1):
        if i < len(x) and x[i] == x[start]:
            continue
        if i - start >= shortest and count < len(out):
            out[count, 0], out[count, 1] = start, i
            count += 1
        start = i
    return count


@_jit
def repeated_runs(x: F64, bits: I64, shortest: int, longest: int, out: I64) -> int:
    """Find stretches of ``x [samples]`` that are exactly what came ``lag`` samples before, and as long.

    A stretch is at least ``lag`` samples long, ``shortest <= lag <= longest``, and not constant. ``bits`` is
    ``x`` seen as integers. Start, end and lag go to ``out [runs, 3]``; how many is returned.
    """
    mask = np.uint64((1 << _TABLE_BITS) - 1)
    last = np.full(1 << _TABLE_BITS, -1, np.int64)
    count, done, n = 0, 0, len(x)
    for i in range(n - KEY + 1):
        is_constant = True
        key = np.uint64(0)
        for k in range(KEY):
            is_constant &= x[i + k] == x[i]
            key = (key ^ np.uint64(bits[i + k])) * _ODD
        if is_constant:
            continue
        place = ((key * _MIX) >> np.uint64(40)) & mask
        before = last[place]
        last[place] = i
        lag = i - before
        if before < 0 or i < done or lag < shortest or lag > longest:
            continue
        is_equal = True
        for k in range(KEY):
            is_equal &= x[i + k] == x[before + k]
        if not is_equal:
            continue
        start, end = i, i + KEY
        while start > max(done, lag) and x[start - 1] == x[start - 1 - lag]:
            start -= 1
        while end < n and x[end] == x[end - lag]:
            end += 1
        done = end
        if end - start >= lag and count < len(out):
            out[count, 0], out[count, 1], out[count, 2] = start, end, lag
            count += 1
    return count
