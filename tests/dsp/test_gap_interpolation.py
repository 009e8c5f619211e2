"""Autoregressive filling, against plain algebra and against sounds whose missing samples are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import lstsq
from scipy.signal import lfilter

from dap_stream.dsp.gap_interpolation import (
    MOST_SOLVED,
    burg,
    extrapolated,
    fill_from_sides,
    least_squares_interpolation,
)


def burg_of(stretches: list[np.ndarray], order: int) -> np.ndarray:
    """Burg's recursion with whole arrays."""
    forward = [x[1:].copy() for x in stretches]
    backward = [x[:-1].copy() for x in stretches]
    a = np.ones(1)
    for _ in range(order):
        product = sum(f @ b for f, b in zip(forward, backward, strict=True))
        power = sum(f @ f + b @ b for f, b in zip(forward, backward, strict=True))
        k = -2.0 * product / power
        a = np.append(a, 0.0) + k * np.append(a, 0.0)[::-1]
        ahead = [(f + k * b)[1:] for f, b in zip(forward, backward, strict=True)]
        backward = [(b + k * f)[:-1] for f, b in zip(forward, backward, strict=True)]
        forward = ahead
    return a


def test_burg_equals_its_twin(rng: np.random.Generator) -> None:
    stretches = [rng.standard_normal(200), lfilter([1.0], [1.0, -0.9], rng.standard_normal(150))]
    a = burg(np.concatenate(stretches), np.array([200, 350]), 12)
    np.testing.assert_allclose(a, burg_of(stretches, 12), rtol=0, atol=1e-10)


def test_burg_finds_the_filter_that_made_the_sound_and_is_stable(rng: np.random.Generator) -> None:
    a = np.array([1.0, -1.6, 0.9])
    x = lfilter([1.0], a, rng.standard_normal(20000))
    np.testing.assert_allclose(burg(x, np.array([len(x)]), 2), a, atol=0.02)
    assert np.abs(np.roots(burg(x, np.array([len(x)]), 30))).max() < 1.0


@pytest.mark.parametrize("n_missing", [1, 5, 40])
def test_least_squares_interpolation_leaves_the_least_residual(
    rng: np.random.Generator, n_missing: int
) -> None:
    a = np.array([1.0, -1.2, 0.7, -0.1])
    x = lfilter([1.0], a, rng.standard_normal(100 + n_missing))
    before, after = x[:50], x[50 + n_missing :]
    made = least_squares_interpolation(a, before, after, n_missing)
    # The residual as a matrix times all samples; the missing ones are what is free in it.
    rows = len(x) - 3
    matrix = np.zeros((rows, len(x)))
    for i in range(rows):
        matrix[i, i : i + 4] = a[::-1]
    known = x.copy()
    known[50 : 50 + n_missing] = 0.0
    plain = lstsq(matrix[:, 50 : 50 + n_missing], -matrix @ known)[0]
    np.testing.assert_allclose(made, plain, rtol=0, atol=1e-9)


def test_extrapolation_goes_on_as_the_filter_says() -> None:
    a = np.array([1.0, -2.0 * np.cos(0.3), 1.0])
    x = np.sin(0.3 * np.arange(120))
    np.testing.assert_allclose(extrapolated(a, x[:100], 20), x[100:], atol=1e-10)


@pytest.mark.parametrize("level", [1e-7, 1.0, 1e7])
@pytest.mark.parametrize("n_missing", [100, 1000, MOST_SOLVED + 1])
def test_tones_with_an_offset_go_on_through_a_gap(level: float, n_missing: int) -> None:
    t = np.arange(9600 + n_missing) / 48000.0
    x = level * (0.3 * np.sin(2 * np.pi * 440.0 * t) + 0.2 * np.sin(2 * np.pi * 1234.5 * t + 1.0) + 0.05)
    made = fill_from_sides(x[:4800], x[4800 + n_missing :], n_missing, 200)
    error = made - x[4800 : 4800 + n_missing]
    assert np.sqrt(np.mean(error**2)) < {100: 1e-3}.get(n_missing, 0.05) * level


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 50), (50, 0), (1, 1), (2, 0), (30, 4000)])
def test_sides_may_be_short_or_missing(rng: np.random.Generator, before: int, after: int) -> None:
    made = fill_from_sides(rng.standard_normal(before), rng.standard_normal(after), 300, 200)
    assert made.shape == (300,)
    assert np.isfinite(made).all() and np.abs(made).max() < 20.0


@pytest.mark.parametrize("sound", ["zeros", "constant", "impulse", "steps", "tone"])
def test_no_sound_makes_it_loud(sound: str) -> None:
    x = np.zeros(4000)
    if sound == "constant":
        x += 0.4
    elif sound == "impulse":
        x[1990] = 1.0
    elif sound == "steps":
        x[::7] = 1.0
    elif sound == "tone":
        x = np.sin(np.arange(4000.0))
    made = fill_from_sides(x[:1900], x[2100:], 200, 160)
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 2.0 * max(np.abs(x).max(), 0.0) + 1e-12
    if sound in ("zeros", "constant"):
        np.testing.assert_allclose(made, x[0], atol=1e-12)
