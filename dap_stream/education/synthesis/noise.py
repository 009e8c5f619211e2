"""Noise, white and of random colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import fft

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.levels import gain_of_db, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE


def white_noise(rng: np.random.Generator, n: int) -> F32:
    """Draw white noise of variance 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The noise, ``[n]``.
    """
    return rng.standard_normal(n, dtype=np.float32)


def white(rng: np.random.Generator, n_samples: int) -> F64:
    """The same as `white_noise`, in double precision."""
    return white_noise(rng, n_samples).astype(np.float64)


_GRID = np.geomspace(10.0, 8000.0, 600)  # 62 points an octave: enough for the narrowest resonance below
_OCTAVES = np.log2(_GRID / 500.0)


def colour(
    rng: np.random.Generator, tilt: tuple[float, float] = (-9.0, 2.0), bumps: int = 5, strength: float = 1.0
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
    low, high = np.sort(rng.uniform(*tilt, 2))[:: 1 if rng.random() < 0.3 else -1]
    bend = rng.uniform(-3.0, 3.0)
    db = (_OCTAVES - bend) * np.where(bend > _OCTAVES, low, high)
    for _ in range(int(rng.integers(0, bumps + 1))):
        centre, width = rng.uniform(-3.5, 4.0), log_uniform(rng, 0.03, 1.5)
        db += rng.uniform(-12.0, 18.0) * np.exp(-0.5 * ((_OCTAVES - centre) / width) ** 2)
    cut = np.log2(log_uniform(rng, 15.0, 300.0) / 500.0)
    db -= rng.uniform(6.0, 24.0) * np.maximum(cut - _OCTAVES, 0.0)
    if rng.random() < 0.4:
        cut = np.log2(log_uniform(rng, 900.0, 8000.0) / 500.0)
        db -= rng.uniform(6.0, 48.0) * np.maximum(_OCTAVES - cut, 0.0)
    amplitudes = gain_of_db(strength * np.clip(db - db.max(), -110.0, 0.0))
    return lambda frequencies: np.interp(frequencies, _GRID, amplitudes)


def filtered(audio: F64, gain: Callable[[F64], F64]) -> F64:
    """`audio` with each frequency multiplied by ``gain(frequencies in Hz)``; it wraps at the ends."""
    n = fft.next_fast_len(len(audio), real=True)
    spectrum = fft.rfft(audio, n)
    spectrum *= gain(np.arange(len(spectrum)) * (SAMPLE_RATE / n))
    return np.asarray(fft.irfft(spectrum, n)[: len(audio)], dtype=np.float64)


def coloured(
    rng: np.random.Generator, n_samples: int, tilt: tuple[float, float] = (-9.0, 2.0), bumps: int = 5
) -> F64:
    """Steady noise with a random spectrum, RMS 1."""
    n = fft.next_fast_len(n_samples, real=True)
    n_bins = n // 2 + 1
    spectrum = rng.standard_normal(2 * n_bins, dtype=np.float32).view(np.complex64)
    spectrum *= colour(rng, tilt, bumps)(np.arange(n_bins) * (SAMPLE_RATE / n)).astype(np.float32)
    return unit(np.asarray(fft.irfft(spectrum, n)[:n_samples], dtype=np.float64))
