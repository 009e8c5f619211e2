"""Chance: numbers over wide ranges, and curves that wander."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F64
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise_kernels import through_points


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
    return curve(rng.standard_normal(2 + int(n * per_second / SAMPLE_RATE)), n)


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
    phase = np.cumsum(rate) * (2.0 * np.pi / SAMPLE_RATE) + rng.uniform(0.0, 2.0 * np.pi)
    factors: F64 = 2.0 ** (semitones / 12.0 * np.sin(phase))
    return factors


def slow(rng: np.random.Generator, n_samples: int, rate_hz: float) -> F64:
    """A smooth random curve with mean 0 and deviation 1 that changes about `rate_hz` times a second.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_samples : int
    rate_hz : float
        Points a second. The curve does not come to rest at each of them, as that of `wander` does.

    Returns
    -------
    F64
        `n_samples` values.
    """
    points = rng.standard_normal(int(n_samples / SAMPLE_RATE * rate_hz) + 6)
    return np.asarray(
        through_points(points, n_samples, rate_hz / SAMPLE_RATE, 1.0 + float(rng.random())), np.float64
    )
