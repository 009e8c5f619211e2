"""Tones: harmonic ones that follow a pitch, and partials that ring and die away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.tone_kernels import TOP_HZ, harmonic_kernel, resonance_kernel, ring_kernel


def harmonic_tone(
    rng: np.random.Generator, hz: F64, weights: npt.ArrayLike, brightness: F64 | float = 1.0
) -> F32:
    """Sound the harmonics of a pitch that moves, in random phases.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    hz : F64
        The pitch, ``[samples]``.
    weights : array_like
        The amplitudes of its harmonics, the fundamental first.
    brightness : F64 or float, optional
        What each harmonic is times the one below it, besides; over time ``[samples]`` or one for all.

    Returns
    -------
    F32
        The tone, ``[samples]``, silent where its harmonics would be too high.
    """
    amplitude = np.asarray(weights, dtype=np.float64)
    angle = rng.uniform(0.0, 2.0 * np.pi, len(amplitude))
    out = np.zeros(len(hz), dtype=np.float32)
    bright = np.broadcast_to(np.asarray(brightness, dtype=np.float64), hz.shape)
    pitch = np.clip(hz, 5.0, TOP_HZ)
    harmonic_kernel(
        np.ascontiguousarray(pitch),
        np.ascontiguousarray(bright),
        amplitude * np.cos(angle),
        amplitude * np.sin(angle),
        out,
    )
    return out


def ring(
    rng: np.random.Generator, n: int, hz: npt.ArrayLike, size: npt.ArrayLike, seconds: npt.ArrayLike
) -> F32:
    """Let partials ring and die away, from phases at random.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    hz, size, seconds : array_like
        Frequency, amplitude at first, and the time to fall by 60 dB, of each partial.

    Returns
    -------
    F32
        Their sum, ``[n]``.
    """
    frequency, amplitude, time = (np.asarray(a, dtype=np.float64) for a in (hz, size, seconds))
    heard = (frequency > 15.0) & (frequency < TOP_HZ) & (amplitude > 0.0)
    frequency, amplitude, time = frequency[heard], amplitude[heard], np.maximum(time[heard], 1e-3)
    out = np.zeros(n, dtype=np.float64)
    if len(frequency) == 0:
        return out.astype(np.float32)
    # Each is let go once it is 70 dB below the loudest at its loudest.
    life = (
        time * SAMPLE_RATE / 60.0 * np.maximum(20.0 * np.log10(amplitude / amplitude.max()) + 70.0, 0.0)
    ).astype(np.int64)
    order = np.argsort(-life)
    frequency, amplitude, time, life = frequency[order], amplitude[order], time[order], life[order]
    radius = 10.0 ** (-3.0 / (time * SAMPLE_RATE))
    angle = frequency * (2.0 * np.pi / SAMPLE_RATE)
    start = rng.uniform(0.0, 2.0 * np.pi, len(frequency))
    ring_kernel(
        2.0 * radius * np.cos(angle),
        -radius * radius,
        amplitude * np.cos(start),
        amplitude / radius * np.cos(start - angle),
        life,
        out,
    )
    return out.astype(np.float32)


def resonance(sound: F32, hz: F64 | float, bandwidth: float) -> F32:
    """Pass a sound through one resonance, which may move.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    hz : F64 or float
        Where the resonance is, over time ``[samples]`` or once for all.
    bandwidth : float
        Its width in Hz.

    Returns
    -------
    F32
        What comes out, ``[samples]``; as loud as before at the resonance itself.
    """
    out = np.empty_like(sound)
    centre = np.broadcast_to(np.asarray(hz, dtype=np.float64), sound.shape)
    resonance_kernel(sound, np.ascontiguousarray(centre), float(bandwidth), out)
    return out
