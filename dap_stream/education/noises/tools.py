"""Tools of all kinds of noise: random numbers over wide ranges, slow curves, coloured noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy import fft, signal

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.kernels import through_points

RATE = 16000
"""Hz, of everything that is made here."""

Rng: TypeAlias = np.random.Generator
Noise: TypeAlias = Callable[[Rng, int], F32]
"""Makes so many samples of a kind of sound, another one at each call."""


def between(rng: Rng, low: float, high: float) -> float:
    """A number from low to high, all equally likely."""
    return float(rng.uniform(low, high))


def log_between(rng: Rng, low: float, high: float) -> float:
    """A number from low to high, each octave equally likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def maybe(rng: Rng, probability: float) -> bool:
    """True so often."""
    return bool(rng.random() < probability)


def decibels(value: float | F64) -> F64:
    """Amplitudes of decibels."""
    return np.asarray(10.0 ** (np.asarray(value) / 20.0), dtype=np.float64)


def slow(rng: Rng, n_samples: int, rate_hz: float) -> F64:
    """A smooth random curve with mean 0 and deviation 1 that changes about `rate_hz` times a second.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_samples : int
    rate_hz : float
        Points a second; the curve is smooth between them.

    Returns
    -------
    F64
        `n_samples` values.
    """
    points = rng.standard_normal(int(n_samples / RATE * rate_hz) + 6)
    return np.asarray(
        through_points(points, n_samples, rate_hz / RATE, 1.0 + float(rng.random())), np.float64
    )


_GRID = np.geomspace(10.0, 8000.0, 600)  # 62 points an octave: enough for the narrowest resonance below
_OCTAVES = np.log2(_GRID / 500.0)


def colour(
    rng: Rng, tilt: tuple[float, float] = (-9.0, 2.0), bumps: int = 5, strength: float = 1.0
) -> Callable[[F64], F64]:
    """A random smooth spectrum: a tilt that may bend, wide bumps, narrow resonances, limits of the band.

    Parameters
    ----------
    rng : numpy.random.Generator
    tilt : tuple of float
        dB an octave, from and to.
    bumps : int
        The most that there may be.
    strength : float
        What to multiply the decibels by.

    Returns
    -------
    Callable
        Frequencies in Hz -> amplitude, at most 1.
    """
    low, high = np.sort(rng.uniform(*tilt, 2))[:: 1 if maybe(rng, 0.3) else -1]
    bend = between(rng, -3.0, 3.0)
    db = (_OCTAVES - bend) * np.where(bend > _OCTAVES, low, high)
    for _ in range(int(rng.integers(0, bumps + 1))):
        centre, width = between(rng, -3.5, 4.0), log_between(rng, 0.03, 1.5)
        db += between(rng, -12.0, 18.0) * np.exp(-0.5 * ((_OCTAVES - centre) / width) ** 2)
    cut = np.log2(log_between(rng, 15.0, 300.0) / 500.0)
    db -= between(rng, 6.0, 24.0) * np.maximum(cut - _OCTAVES, 0.0)
    if maybe(rng, 0.4):
        cut = np.log2(log_between(rng, 900.0, 8000.0) / 500.0)
        db -= between(rng, 6.0, 48.0) * np.maximum(_OCTAVES - cut, 0.0)
    amplitudes = decibels(strength * np.clip(db - db.max(), -110.0, 0.0))
    return lambda frequencies: np.interp(frequencies, _GRID, amplitudes)


def filtered(audio: F64, gain: Callable[[F64], F64]) -> F64:
    """`audio` with each frequency multiplied by ``gain(frequencies in Hz)``; it wraps at the ends."""
    n = fft.next_fast_len(len(audio), real=True)
    spectrum = fft.rfft(audio, n)
    spectrum *= gain(np.arange(len(spectrum)) * (RATE / n))
    return np.asarray(fft.irfft(spectrum, n)[: len(audio)], dtype=np.float64)


def coloured(rng: Rng, n_samples: int, tilt: tuple[float, float] = (-9.0, 2.0), bumps: int = 5) -> F64:
    """Steady noise with a random spectrum, RMS 1."""
    n = fft.next_fast_len(n_samples, real=True)
    n_bins = n // 2 + 1
    spectrum = rng.standard_normal(2 * n_bins, dtype=np.float32).view(np.complex64)
    spectrum *= colour(rng, tilt, bumps)(np.arange(n_bins) * (RATE / n)).astype(np.float32)
    return unit(np.asarray(fft.irfft(spectrum, n)[:n_samples], dtype=np.float64))


def high_pass(limit_hz: float, order: float) -> Callable[[F64], F64]:
    """Gain that falls by 6 dB an octave and order below a limit."""
    return lambda f: 1.0 / np.sqrt(1.0 + (limit_hz / np.maximum(f, 1.0)) ** (2.0 * order))


def white(rng: Rng, n_samples: int) -> F64:
    """Normally distributed samples."""
    return rng.standard_normal(n_samples, dtype=np.float32).astype(np.float64)


def unit(audio: F64) -> F64:
    """`audio` at RMS 1; silence stays what it is."""
    rms = np.sqrt(np.mean(audio * audio))
    return audio / rms if rms > 1e-9 else audio


def in_room(rng: Rng, audio: F64, wet: float | None = None) -> F64:
    """`audio` as it is heard in a random room, or without any in a quarter of the cases."""
    from dap_stream.education.places import room_response

    if wet is None and maybe(rng, 0.25):
        return audio
    room = room_response(rng).astype(np.float64)
    if wet is not None:
        room[1:] *= wet
    elif maybe(rng, 0.25):  # far away: little of it comes straight
        room[1:] *= between(rng, 1.5, 6.0)
    return np.asarray(signal.oaconvolve(audio, room)[: len(audio)])


def finished(rng: Rng, audio: F64) -> F32:
    """At a level of its own: RMS 0.05 to 0.1, less where the peaks would pass full scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    audio : F64

    Returns
    -------
    F32
        Finite, below full scale.
    """
    audio = np.nan_to_num(audio, nan=0.0, posinf=0.0, neginf=0.0)
    audio = unit(audio - np.mean(audio)) * log_between(rng, 0.05, 0.1)
    peak = float(np.max(np.abs(audio), initial=1e-9))
    if peak > 0.95:
        # Sparse sounds get quieter rather than clipped, down to a quarter; what is left is bent.
        audio = audio * max(0.95 / peak, 0.25)
        audio = np.where(
            np.abs(audio) > 0.8, np.sign(audio) * (0.8 + 0.18 * np.tanh((abs(audio) - 0.8) / 0.18)), audio
        )
    return audio.astype(np.float32)
