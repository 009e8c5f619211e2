"""Inner loops for tones that are steady: their amplitude in noise that comes and goes, and their sound.

Each kernel has a plain NumPy twin of the same signature in `dap_stream.dsp.reference`.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import C128, F64, I64

SOFT = 0.3  # part of the median squared residual below which a value counts in full
LEAST_POWER = 1e-30  # of what is taken for silence
_jit = jit.kernel()


@_jit
def robust_means(values: C128, taper: F64, knots: I64, n_rounds: int, means: C128, noise: F64) -> None:
    """Weighted means of ``values [lines, frames]`` around ``knots``, of those values that agree.

    Iteratively reweighted least squares: the weight of a value is that of ``taper`` (odd length, the middle
    at the knot) divided by its squared distance from the mean before, so that a second of speech in a hum
    does not count. At the ends there are fewer values.

    ``means [lines, knots]`` are the results; ``noise`` gets the median squared distance from them.
    """
    half, n_frames = len(taper) // 2, values.shape[1]
    apart = np.empty(len(taper))
    for line in range(values.shape[0]):
        for k in range(len(knots)):
            first, end = max(knots[k] - half, 0), min(knots[k] + half + 1, n_frames)
            n, shift = end - first, first - knots[k] + half
            total, mean = 0.0, 0.0j
            for i in range(n):
                total += taper[shift + i]
                mean += taper[shift + i] * values[line, first + i]
            mean /= total
            middle = 0.0
            for turn in range(n_rounds + 1):
                for i in range(n):
                    error = values[line, first + i] - mean
                    apart[i] = error.real * error.real + error.imag * error.imag
                middle = np.median(apart[:n]) + LEAST_POWER
                if turn == n_rounds:
                    break
                total, mean = 0.0, 0.0j
                for i in range(n):
                    error = values[line, first + i]
                    weight = taper[shift + i] / (apart[i] + SOFT * middle)
                    total += weight
                    mean += weight * error
                mean /= total
            means[line, k], noise[line, k] = mean, middle


@_jit
def add_tones(amplitudes: C128, phases: F64, hop: int, out: F64) -> None:
    """Add tones to ``out [samples]`` whose amplitude and phase are linear from knot to knot.

    Parameters
    ----------
    amplitudes
        ``[lines, knots]``, complex: twice the real part of its product with the oscillation is added.
    phases
        ``[lines, knots]`` in radians, not wrapped.
    hop
        Samples from knot to knot; ``out`` has ``(knots - 1) hop``.
    """
    n_lines, n_knots = amplitudes.shape
    for line in range(n_lines):
        for k in range(n_knots - 1):
            here, there = amplitudes[line, k], amplitudes[line, k + 1]
            if here == 0.0 and there == 0.0:
                continue
            turn = np.exp(1j * (phases[line, k + 1] - phases[line, k]) / hop)
            start = 2.0 * np.exp(1j * phases[line, k])
            # Four oscillators side by side, each four samples a step: a single one waits for itself.
            one, two, three, four = start, start * turn, start * turn**2, start * turn**3
            step, base, slope = turn**4, here, (there - here) / hop
            begin, i = k * hop, 0
            while i + 4 <= hop:
                at = begin + i
                c = base + slope * i
                out[at] += c.real * one.real - c.imag * one.imag
                c += slope
                out[at + 1] += c.real * two.real - c.imag * two.imag
                c += slope
                out[at + 2] += c.real * three.real - c.imag * three.imag
                c += slope
                out[at + 3] += c.real * four.real - c.imag * four.imag
                one, two, three, four = one * step, two * step, three * step, four * step
                i += 4
            while i < hop:
                c = base + slope * i
                out[begin + i] += c.real * one.real - c.imag * one.imag
                one *= turn
                i += 1
