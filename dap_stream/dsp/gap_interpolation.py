"""Missing samples from an autoregressive model of what surrounds them.

The model is fitted to both sides at once by Burg's method (1975), which separates close tones in a short
stretch as no other does. A short gap gets the samples that leave the least residual (Janssen, Veldhuis &
Vries 1986), a longer one what each side goes on to, cross-faded (Kauppinen & Roth 2002).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, lfiltic

from dap_stream.core import jit
from dap_stream.core.array_types import F64, I64

MOST_SOLVED = 8192
"""Samples of a gap, up to which the equations are solved: their number squared is the work."""

_NOTHING_LEFT = (
    1e-10  # of the power, 100 dB: a model of pure tones that are surer than that blows up rounding errors
)
_RIDGE = 1e-13  # of the diagonal: lets a sum of pure tones, which foretells itself, be solved
_MOST_LOUDER = 2.0  # than the loudest sample around it: no sound, but an unlucky solution

_jit = jit.kernel(fastmath={"reassoc", "contract", "nsz"})


@_jit
def burg(x: F64, ends: I64, order: int) -> F64:
    """Prediction error filter ``a [order + 1]`` of the stretches of ``x`` that end before each of ``ends``.

    ``e[n] = sum a[k] x[n - k]``, ``a[0] = 1``; all its zeros are inside the unit circle.
    """
    forward, backward = x.copy(), x.copy()
    a, before = np.zeros(order + 1), np.zeros(order + 1)
    a[0] = 1.0
    least = 0.0
    for i in range(len(x)):
        least += x[i] * x[i]
    least *= 2.0 * _NOTHING_LEFT
    for m in range(1, order + 1):
        product, power = 0.0, 0.0
        for s in range(len(ends)):
            start = m if s == 0 else ends[s - 1] + m
            for i in range(start, ends[s]):
                product += forward[i] * backward[i - 1]
                power += forward[i] * forward[i] + backward[i - 1] * backward[i - 1]
        if not power > least:
            break
        reflection = -2.0 * product / power
        for s in range(len(ends)):
            start = m if s == 0 else ends[s - 1] + m
            for i in range(ends[s] - 1, start - 1, -1):
                ahead, behind = forward[i], backward[i - 1]
                forward[i] = ahead + reflection * behind
                backward[i] = behind + reflection * ahead
        before[:] = a
        for k in range(1, m + 1):
            a[k] = before[k] + reflection * before[m - k]
    return a


def least_squares_interpolation(a: F64, before: F64, after: F64, n_missing: int) -> F64:
    """The ``n_missing`` samples that leave the least residual, between ``before`` and ``after``.

    Both are taken to be zero beyond what is given of them; ``order`` samples of each matter.
    """
    order = len(a) - 1
    known = np.zeros(2 * order + n_missing)
    left, right = before[len(before) - min(order, len(before)) :], after[:order]
    known[order - len(left) : order] = left
    known[order + n_missing :][: len(right)] = right
    residual = lfilter(a, 1.0, known)[order:]
    # Normal equations: the filter's correlation with itself, against what the known samples ask for.
    wanted = -np.correlate(residual, a, "valid")
    column = np.zeros(n_missing)
    correlation = np.correlate(a, a, "full")[order : order + n_missing]
    column[: len(correlation)] = correlation
    column[0] *= 1.0 + _RIDGE
    return np.asarray(solve_toeplitz(column, wanted, check_finite=False))


def extrapolated(a: F64, before: F64, n: int) -> F64:
    """Samples ``[n]`` to which ``before`` goes on if nothing new comes."""
    order = len(a) - 1
    recent = np.zeros(order)
    recent[: min(order, len(before))] = before[::-1][:order]
    start = lfiltic([1.0], a, recent)
    return np.asarray(lfilter([1.0], a, np.zeros(n), zi=start)[0])


def cross_fade(n: int) -> F64:
    """Weight of the side before, from 1 to 0 ``[n]``; one less it is that of the side after."""
    return np.asarray(np.cos(0.5 * np.pi * (np.arange(n) + 0.5) / n) ** 2)


def _cross_faded(a: F64, before: F64, after: F64, n: int) -> F64:
    weight = cross_fade(n)
    return weight * extrapolated(a, before, n) + (1.0 - weight) * extrapolated(a, after[::-1], n)[::-1]


def fill_from_sides(before: F64, after: F64, n_missing: int, order: int) -> F64:
    """Samples for a gap between two stretches of sound.

    Parameters
    ----------
    before, after
        ``[samples]`` of any length each; all of it is modelled. A side that is empty counts as silence.
    n_missing
        Length of the gap.
    order
        Of the model; at most a third of the samples that are known is used. More tells closer tones apart,
        and asks for more sound around.

    Returns
    -------
    numpy.ndarray
        ``[n_missing]``; finite, and never much louder than what is around.
    """
    x = np.concatenate((before, after))
    order = min(order, len(x) // 3, max(len(before), len(after)) - 1)
    largest = float(np.max(np.abs(x), initial=0.0))
    if order < 1 or largest == 0.0:
        return np.zeros(n_missing)
    x = x / largest  # rounding errors do not depend on the level
    mean = float(np.mean(x))
    x -= mean
    before, after = x[: len(before)], x[len(before) :]
    a = burg(x, np.array([len(before), len(x)]), order)
    made = None
    if n_missing <= MOST_SOLVED:
        made = least_squares_interpolation(a, before, after, n_missing)
    if made is None or not np.max(np.abs(made)) <= _MOST_LOUDER:  # NaN is not either
        made = np.clip(_cross_faded(a, before, after, n_missing), -_MOST_LOUDER, _MOST_LOUDER)
    return np.asarray((made + mean) * largest)
