"""Tones: harmonic ones that follow a pitch, and partials that ring and die away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32, F64
from dap_stream.education.creatures.sound_kernels import (
    RATE,
    TOP_HZ,
    harmonic_kernel,
    resonance_kernel,
    ring_kernel,
)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    low, high : float
        The range, above 0.

    Returns
    -------
    float
        The number.
    """
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def curve(points: npt.ArrayLike, n: int) -> F64:
    """Lead a smooth line through points that are evenly spaced in time.

    Parameters
    ----------
    points : array_like
        Its values at the points, at least one.
    n : int
        How many samples.

    Returns
    -------
    F64
        The line, ``[n]``.
    """
    values = np.atleast_1d(np.asarray(points, dtype=np.float64))
    if len(values) == 1:
        return np.full(n, values[0])
    place = np.linspace(0.0, len(values) - 1.0, n)
    left = np.minimum(place.astype(np.int64), len(values) - 2)
    part = place - left
    part = part * part * (3.0 - 2.0 * part)
    line: F64 = values[left] * (1.0 - part) + values[left + 1] * part
    return line


def wander(rng: np.random.Generator, n: int, per_second: float) -> F64:
    """Draw a line that wanders at random about 0, with a standard deviation of about 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    per_second : float
        How often it turns.

    Returns
    -------
    F64
        The line, ``[n]``.
    """
    return curve(rng.standard_normal(2 + int(n * per_second / RATE)), n)


def vibrato(rng: np.random.Generator, n: int, per_second: float, semitones: float) -> F64:
    """Draw factors that make a pitch tremble, somewhat unevenly.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    per_second : float
        Its rate in Hz.
    semitones : float
        How far it goes to either side.

    Returns
    -------
    F64
        The factors, ``[n]``.
    """
    rate = per_second * (1.0 + 0.08 * wander(rng, n, 3.0))
    phase = np.cumsum(rate) * (2.0 * np.pi / RATE) + rng.uniform(0.0, 2.0 * np.pi)
    factors: F64 = 2.0 ** (semitones / 12.0 * np.sin(phase))
    return factors


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
    life = (time * RATE / 60.0 * np.maximum(20.0 * np.log10(amplitude / amplitude.max()) + 70.0, 0.0)).astype(
        np.int64
    )
    order = np.argsort(-life)
    frequency, amplitude, time, life = frequency[order], amplitude[order], time[order], life[order]
    radius = 10.0 ** (-3.0 / (time * RATE))
    angle = frequency * (2.0 * np.pi / RATE)
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
