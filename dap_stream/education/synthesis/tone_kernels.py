"""The oscillators and resonators that the made-up sounds are built of, compiled by numba.

Arrays and numbers in, arrays out. Everything runs at `SAMPLE_RATE`, and no partial is written above `TOP_HZ`.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64, I64
from dap_stream.core.jit import kernel
from dap_stream.education.synthesis.maker import SAMPLE_RATE

TOP_HZ = 7700.0  # partials fade out below it, over FADE_HZ, so that a glide does not switch them off
FADE_HZ = 500.0

_jit = kernel(fastmath={"reassoc", "contract", "nsz"})


@_jit
def harmonic_kernel(hz: F64, brightness: F64, real: F64, imag: F64, out: F32) -> None:
    """Add up the harmonics of a tone: the k-th (from 0) has the complex weight k times ``brightness ** k``.

    ``hz`` and ``brightness`` are ``[samples]``, the weights' parts ``real`` and ``imag`` ``[harmonics]``.
    """
    turn = 2.0 * np.pi / SAMPLE_RATE
    phase = 0.0
    for i in range(out.shape[0]):
        f = hz[i]
        phase += turn * f
        if phase > np.pi:
            phase -= 2.0 * np.pi
        c, s = np.cos(phase), np.sin(phase)
        x, y = c, s
        bright = 1.0
        total = 0.0
        partial = f
        for k in range(real.shape[0]):
            room = (TOP_HZ - partial) / FADE_HZ
            if room <= 0.0 or bright < 1e-4:
                break
            total += min(room, 1.0) * bright * (real[k] * x + imag[k] * y)
            bright *= brightness[i]
            partial += f
            x, y = x * c - y * s, x * s + y * c
        out[i] = total


@_jit
def ring_kernel(one: F64, two: F64, now: F64, before: F64, life: I64, out: F64) -> None:
    """Add up decaying sinusoids ``y[n] = one y[n-1] + two y[n-2]``, ordered by ``life``, longest first.

    ``now`` and ``before`` are the first sample of each and the one before it; both are overwritten.
    """
    count = one.shape[0]
    for i in range(out.shape[0]):
        while count > 0 and life[count - 1] <= i:
            count -= 1
        if count == 0:
            break
        total = 0.0
        for k in range(count):
            value = now[k]
            total += value
            now[k] = one[k] * value + two[k] * before[k]
            before[k] = value
        out[i] = total


@_jit
def resonance_kernel(sound: F32, hz: F64, bandwidth: float, out: F32) -> None:
    """Pass ``sound`` through a resonance that moves along ``hz [samples]``; gain about 1 at the peak."""
    radius = np.exp(-np.pi * bandwidth / SAMPLE_RATE)
    two = radius * radius
    turn = 2.0 * np.pi / SAMPLE_RATE
    y1, y2, x2, x1 = 0.0, 0.0, 0.0, 0.0
    one = 0.0
    gain = (1.0 - two) / 2.0
    for i in range(out.shape[0]):
        if i % 16 == 0:
            one = 2.0 * radius * np.cos(turn * hz[i])
        x = np.float64(sound[i])
        y = gain * (x - x2) + one * y1 - two * y2
        x2, x1 = x1, x
        y2, y1 = y1, y
        out[i] = y


@_jit
def string_kernel(excitation: F32, period: float, damping: float, loss: float, out: F32) -> None:
    """Let ``excitation`` go round a string of ``period`` samples (Karplus and Strong).

    ``damping`` (0 to 1) is how much of the treble a round takes, ``loss`` what is left of the whole.
    """
    # One zero at a time: the lowpass delays by damping / 2, the rest is a whole delay and an allpass.
    delay = period - damping / 2.0
    whole = int(delay - 0.3)
    fraction = delay - whole
    allpass = (1.0 - fraction) / (1.0 + fraction)
    line = np.zeros(whole)
    at, low, x1, y1 = 0, 0.0, 0.0, 0.0
    for i in range(out.shape[0]):
        x = line[at]
        y = allpass * (x - y1) + x1
        x1, y1 = x, y
        value = loss * ((1.0 - damping / 2.0) * y + damping / 2.0 * low)
        low = y
        if i < excitation.shape[0]:
            value += excitation[i]
        line[at] = value
        at += 1
        if at == whole:
            at = 0
        out[i] = value
