"""Autoregressive models: what a sample can be told to be from those before it, and after it.

Arrays and numbers in, arrays out, compiled by numba. ``a [order + 1]`` is a prediction error filter, its
first coefficient 1: ``e[n] = sum a[k] x[n - k]`` is what of a sample the ones before it do not foretell.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F64, Mask

_RIDGE = 1e-13  # of the diagonal: lets a sum of pure tones, which foretells itself, be solved

_PIECE = 1024

_jit = jit.kernel(fastmath={"reassoc", "contract", "nsz"})


@_jit
def autocorrelation(x: F64, window: F64, order: int) -> F64:
    """``r[k] = sum w[i] x[i] w[i - k] x[i - k]`` of ``x [samples]`` for lags 0 to ``order``."""
    tapered = x * window
    n = len(tapered)
    r = np.zeros(order + 1)
    for k in range(min(order + 1, n)):
        total = 0.0
        for i in range(n - k):
            total += tapered[i] * tapered[i + k]
        r[k] = total
    return r


@_jit
def levinson(autocorrelation: F64, order: int) -> F64:
    """Prediction error filter ``a [order + 1]`` of an autocorrelation (Levinson 1947, Durbin 1960).

    Its zeros are inside the unit circle. Where nothing is left to be foretold the further coefficients are 0:
    of silence it is 1, 0, 0 ...
    """
    a, before = np.zeros(order + 1), np.zeros(order + 1)
    a[0] = 1.0
    least = autocorrelation[0] * 1e-14  # below it there are only rounding errors
    error = autocorrelation[0]
    for i in range(1, order + 1):
        if not error > least:
            break
        total = autocorrelation[i]
        for j in range(1, i):
            total += a[j] * autocorrelation[i - j]
        reflection = -total / error
        for j in range(i):
            before[j] = a[j]
        for j in range(1, i):
            a[j] = before[j] + reflection * before[i - j]
        a[i] = reflection
        error *= 1.0 - reflection * reflection
    return a


@_jit
def residual(x: F64, a: F64) -> F64:
    """Prediction error ``[samples]`` of ``x [samples]``; 0 for the first ``order``, which have no past."""
    order, n = len(a) - 1, len(x)
    e = np.zeros(n)
    for begin in range(order, n, _PIECE):  # in pieces that stay in the cache, many samples at a time
        end = min(begin + _PIECE, n)
        out = e[begin:end]
        for k in range(order + 1):
            delayed, factor = x[begin - k : end - k], a[k]
            for i in range(len(out)):
                out[i] += factor * delayed[i]
    return e


@_jit
def backward_residual(x: F64, a: F64) -> F64:
    """`residual` of time reversed: what the samples after one do not tell; 0 for the last ``order``.

    ``e[n] = sum a[k] x[n + k]``. Of a residual it is the matched filter of a click of one sample.
    """
    order, n = len(a) - 1, len(x)
    e = np.zeros(n)
    for begin in range(0, n - order, _PIECE):
        end = min(begin + _PIECE, n - order)
        out = e[begin:end]
        for k in range(order + 1):
            ahead, factor = x[begin + k : end + k], a[k]
            for i in range(len(out)):
                out[i] += factor * ahead[i]
    return e


@_jit
def interpolate(x: F64, a: F64, is_missing: Mask) -> None:
    """Fill in the missing samples of ``x`` in place, so that the prediction error has the least energy.

    Least-squares autoregressive interpolation (Janssen, Veldhuis & Vries 1986; Godsill & Rayner 1998, 5.2).
    ``order`` samples that are there before and after a gap are made use of. What is missing at the end is
    foretold from what is before it. The time taken grows with the number missing times the square of the
    order, or of the number within its reach if that is less.
    """
    order, n = len(a) - 1, len(x)
    missing = np.flatnonzero(is_missing)
    m = len(missing)
    if m == 0:
        return
    # Correlation of the filter with itself: the equations of all gaps that are not near an end.
    b = np.zeros(order + 1)
    for k in range(order + 1):
        for t in range(order + 1 - k):
            b[k] += a[t] * a[t + k]
    width = 0  # of the band: how many missing ones are within reach before one
    first = 0
    for i in range(m):
        while missing[i] - missing[first] > order:
            first += 1
        width = max(width, i - first)
    # Lower triangle: entry (i, j) in column j - i + width.
    lower = np.zeros((m, width + 1))
    right = np.zeros(m)
    for i in range(m):
        x[missing[i]] = 0.0
    for i in range(m):
        here = missing[i]
        for j in range(max(i - width, 0), i + 1):
            k = here - missing[j]
            if k > order:
                continue
            # Errors n = here + t, of those that the samples have: from ``order`` up to the last.
            low, high = max(order - here, 0), min(order - k, n - 1 - here)
            if low == 0 and high == order - k:
                lower[i, j - i + width] = b[k]
            else:
                total = 0.0
                for t in range(low, high + 1):
                    total += a[t] * a[t + k]
                lower[i, j - i + width] = total
        lower[i, width] += _RIDGE * b[0]
    # Errors with zeros in the gaps, each worked out once, and what they ask of each missing sample.
    done = 0
    for i in range(m):
        for at in range(max(missing[i], order, done), min(missing[i] + order + 1, n)):
            error = 0.0
            for k in range(order + 1):
                error += a[order - k] * x[at - order + k]
            for j in range(i, m):
                if missing[j] > at:
                    break
                right[j] -= a[at - missing[j]] * error
            for j in range(i - 1, -1, -1):
                if at - missing[j] > order:
                    break
                right[j] -= a[at - missing[j]] * error
            done = at + 1
    # Cholesky within the band, then forward and back.
    for i in range(m):
        start = max(i - width, 0)
        for j in range(start, i + 1):
            total = lower[i, j - i + width]
            for k in range(max(start, j - width), j):
                total -= lower[i, k - i + width] * lower[j, k - j + width]
            if j < i:
                lower[i, j - i + width] = total / lower[j, width]
            else:
                lower[i, width] = np.sqrt(max(total, 1e-3 * _RIDGE * b[0]))
        total = right[i]
        for k in range(start, i):
            total -= lower[i, k - i + width] * right[k]
        right[i] = total / lower[i, width]
    for i in range(m - 1, -1, -1):
        right[i] /= lower[i, width]
        for k in range(max(i - width, 0), i):
            right[k] -= lower[i, k - i + width] * right[i]
    for i in range(m):
        x[missing[i]] = right[i]
