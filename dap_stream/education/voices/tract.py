"""The vocal tract that shapes its sources: moving resonances, a nasal pole and zero, and bands of noise."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.core.jit import kernel

HIGHEST = 0.485
"""Cycles per sample: a resonance above it is left out, a band of noise stays below it."""

_jit = kernel()


@_jit
def resonate(source: F32, centres: F64, widths: F64, hop: int, out: F32) -> None:
    """Send ``source [samples]`` through resonators in a row, each with gain 1 at 0 Hz (Klatt 1980).

    ``centres, widths [frames, resonators]`` in cycles per sample hold for ``hop`` samples each. The last two
    columns are the nasal pole and the nasal zero: they cancel where they are equal.
    """
    count = centres.shape[1]
    a, b, c = np.zeros(count), np.zeros(count), np.zeros(count)
    one, two = np.zeros(count), np.zeros(count)
    n = 0
    for t in range(centres.shape[0]):
        for k in range(count):
            if centres[t, k] < HIGHEST:
                radius = np.exp(-np.pi * widths[t, k])
                c[k] = -radius * radius
                b[k] = 2.0 * radius * np.cos(2.0 * np.pi * centres[t, k])
                a[k] = 1.0 - b[k] - c[k]
            else:
                a[k], b[k], c[k] = 1.0, 0.0, 0.0
        for _ in range(hop):
            x = np.float64(source[n])
            for k in range(count - 1):
                x = a[k] * x + b[k] * one[k] + c[k] * two[k]
                two[k] = one[k]
                one[k] = x
            k = count - 1
            y = (x - b[k] * one[k] - c[k] * two[k]) / a[k]
            two[k] = one[k]
            one[k] = x
            out[n] = y
            n += 1


@_jit
def noise_bands(noise: F32, gains: F64, centres: F64, widths: F64, hop: int, out: F32) -> None:
    """Add bands of ``noise [bands, samples]`` to ``out``; a gain of 1 gives about the RMS of the noise.

    ``centres, widths [frames, bands]`` are in cycles per sample, ``gains [frames + 1, bands]`` run from frame
    to frame in a straight line.
    """
    for k in range(centres.shape[1]):
        one, two, n = 0.0, 0.0, 0
        x_one, x_two = 0.0, 0.0
        for t in range(centres.shape[0]):
            begin, end = gains[t, k], gains[t + 1, k]
            if begin <= 0.0 and end <= 0.0 and abs(one) < 1e-9:
                one, two = 0.0, 0.0
                n += hop
                continue
            width = min(widths[t, k], 0.45)
            radius = np.exp(-np.pi * width)
            c = -radius * radius
            b = 2.0 * radius * np.cos(2.0 * np.pi * min(centres[t, k], HIGHEST))
            scale = 0.5 * (1.0 + c) / np.sqrt(0.5 * np.pi * width * 2.0 / (1.0 + 3.0 * width))
            for i in range(hop):
                # The gain comes before the filter, so that a burst rings a little.
                x = noise[k, n] * (begin + (end - begin) * i / hop)
                y = scale * (x - x_two) + b * one + c * two
                x_two, x_one = x_one, x
                two, one = one, y
                out[n] += y
                n += 1
