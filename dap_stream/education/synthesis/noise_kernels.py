"""The inner loops of made-up noises, compiled by numba: ringing, bursts, moving filters, oscillators."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F64, I64
from dap_stream.core.jit import kernel
from dap_stream.education.synthesis.maker import SAMPLE_RATE

_jit = kernel()


@_jit
def damped_sines(out: F64, starts: I64, frequencies: F64, decays: F64, amplitudes: F64) -> None:
    """Add damped sines: each starts at its sample and falls by ``e`` in its decay (seconds)."""
    for k in range(len(starts)):
        r = np.exp(-1.0 / (decays[k] * SAMPLE_RATE))
        w = 2.0 * np.pi * frequencies[k] / SAMPLE_RATE
        a, b = 2.0 * r * np.cos(w), -r * r
        y, before = amplitudes[k] * np.sin(w), 0.0
        stop = min(len(out), starts[k] + int(decays[k] * SAMPLE_RATE * 8.0) + 1)
        for i in range(max(starts[k], 0), stop):
            out[i] += y
            y, before = a * y + b * before, y


@_jit
def bursts(out: F64, noise: F64, starts: I64, attacks: F64, decays: F64, amplitudes: F64) -> None:
    """Add bits of `noise` that rise in a straight line for their attack and fall by ``e`` in their decay."""
    for k in range(len(starts)):
        n_rise = int(attacks[k] * SAMPLE_RATE) + 1
        n = n_rise + int(decays[k] * SAMPLE_RATE * 7.0) + 1
        r = np.exp(-1.0 / (decays[k] * SAMPLE_RATE))
        level = amplitudes[k]
        for i in range(n):
            at = starts[k] + i
            if at >= len(out):
                break
            if i < n_rise:
                out[at] += noise[at] * level * (i + 1) / n_rise
            else:
                level *= r
                out[at] += noise[at] * level


@_jit
def swept_band(audio: F64, frequencies: F64, sharpness: F64) -> F64:
    """A band-pass whose centre (Hz) and sharpness Q change with each sample; gain 1 at the centre."""
    out = np.empty_like(audio)
    s1, s2 = 0.0, 0.0
    g, k = 0.0, 1.0
    for i in range(len(audio)):
        if i % 16 == 0:
            g = np.tan(np.pi * min(max(frequencies[i], 10.0), 0.47 * SAMPLE_RATE) / SAMPLE_RATE)
            k = 1.0 / max(sharpness[i], 0.3)
        v1 = (s1 + g * (audio[i] - s2)) / (1.0 + g * (g + k))
        v2 = s2 + g * v1
        s1, s2 = 2.0 * v1 - s1, 2.0 * v2 - s2
        out[i] = v1 * k
    return out


@_jit
def swept_low(audio: F64, frequencies: F64) -> F64:
    """A low-pass of 12 dB an octave whose limit (Hz) changes with each sample."""
    out = np.empty_like(audio)
    s1, s2, g = 0.0, 0.0, 0.0
    for i in range(len(audio)):
        if i % 16 == 0:
            g = np.tan(np.pi * min(max(frequencies[i], 10.0), 0.47 * SAMPLE_RATE) / SAMPLE_RATE)
        v1 = (s1 + g * (audio[i] - s2)) / (1.0 + g * (g + 1.41))
        v2 = s2 + g * v1
        s1, s2 = 2.0 * v1 - s1, 2.0 * v2 - s2
        out[i] = v2
    return out


@_jit
def harmonics(fundamental: F64, amplitudes: F64, phases: F64, multiples: F64) -> F64:
    """Sum of sines at `multiples` of a fundamental that moves (Hz); none above 0.47 of the sample rate."""
    n = len(fundamental)
    out = np.zeros(n)
    for k in range(len(amplitudes)):
        phase = phases[k]
        # Sine and cosine are turned by small rotations, set right every 32 samples.
        for start in range(0, n, 32):
            frequency = fundamental[start] * multiples[k]
            w = 2.0 * np.pi * frequency / SAMPLE_RATE
            stop = min(start + 32, n)
            if frequency < 0.47 * SAMPLE_RATE:
                c, s = np.cos(w), np.sin(w)
                x, y = np.cos(phase) * amplitudes[k], np.sin(phase) * amplitudes[k]
                for i in range(start, stop):
                    out[i] += y
                    x, y = x * c - y * s, x * s + y * c
            phase = (phase + w * (stop - start)) % (2.0 * np.pi)
    return out


@_jit
def through_points(points: F64, n_samples: int, step: float, first: float) -> F64:
    """A smooth curve (Catmull-Rom) through points; each sample is `step` points on, from `first` >= 1."""
    out = np.empty(n_samples)
    for k in range(n_samples):
        at = first + k * step
        i = min(int(at), len(points) - 3)
        t = at - i
        a, b, c, d = points[i - 1], points[i], points[i + 1], points[i + 2]
        out[k] = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return out


@_jit
def stick_slip(force: F64, speed: F64, chance: F64, hold: float) -> F64:
    """Friction of something drawn over a rough surface: tension builds up and lets go, again and again."""
    out = np.zeros(len(force))
    tension = 0.0
    limit = hold
    for i in range(len(force)):
        tension += speed[i]
        if tension > limit:
            out[i] = tension * force[i]
            tension = 0.0
            limit = hold * (0.2 + 1.6 * chance[i])
    return out
