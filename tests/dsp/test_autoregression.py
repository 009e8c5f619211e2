"""Autoregressive models against SciPy's general ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from dap_stream.dsp import autoregression

RESONANCES = np.poly(
    [0.98 * np.exp(0.3j), 0.98 * np.exp(-0.3j), 0.9 * np.exp(1.2j), 0.9 * np.exp(-1.2j)]
).real


def resonant(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.asarray(lfilter([1.0], RESONANCES, rng.standard_normal(n)))


def by_least_squares(x: np.ndarray, a: np.ndarray, is_missing: np.ndarray) -> np.ndarray:
    """Plain twin of `autoregression.interpolate`: the least squares of all errors that the samples have."""
    order, n = len(a) - 1, len(x)
    filters = np.zeros((n - order, n))
    for row in range(n - order):
        filters[row, row : row + order + 1] = a[::-1]
    known = filters @ np.where(is_missing, 0.0, x)
    filled = x.copy()
    filled[is_missing] = np.linalg.lstsq(filters[:, is_missing], -known, rcond=None)[0]
    return filled


def test_autocorrelation_and_levinson_against_scipy(rng: np.random.Generator) -> None:
    x, window, order = resonant(rng, 500), np.hanning(500), 12
    r = autoregression.autocorrelation(x, window, order)
    whole = np.correlate(x * window, x * window, "full")[499:]
    np.testing.assert_allclose(r, whole[: order + 1], rtol=1e-12, atol=1e-9)
    a = autoregression.levinson(r, order)
    assert a[0] == 1.0
    np.testing.assert_allclose(a[1:], solve_toeplitz(r[:-1], -r[1:]), rtol=1e-8)


def test_lags_beyond_the_samples_are_zero() -> None:
    np.testing.assert_array_equal(
        autoregression.autocorrelation(np.ones(2), np.ones(2), 4), [2.0, 1.0, 0.0, 0.0, 0.0]
    )


@pytest.mark.parametrize("x", [np.zeros(300), np.ones(300), np.cos(0.1 * np.arange(300)), np.eye(1, 300)[0]])
def test_models_of_what_is_no_noise_are_numbers_and_stable(x: np.ndarray) -> None:
    a = autoregression.levinson(autoregression.autocorrelation(x, np.ones(300), 32), 32)
    assert np.isfinite(a).all()
    assert np.abs(np.roots(np.trim_zeros(a, "b"))).max(initial=0.0) < 1.0


def test_a_model_of_the_true_order_finds_its_filter(rng: np.random.Generator) -> None:
    x = resonant(rng, 200_000)
    a = autoregression.levinson(autoregression.autocorrelation(x, np.ones(len(x)), 4), 4)
    np.testing.assert_allclose(a, RESONANCES, atol=0.02)


def test_residual_is_what_the_filter_lets_through(rng: np.random.Generator) -> None:
    x = rng.standard_normal(100)
    e = autoregression.residual(x, RESONANCES)
    np.testing.assert_array_equal(e[:4], 0.0)
    np.testing.assert_allclose(e[4:], sliding_window_view(x, 5) @ RESONANCES[::-1], atol=1e-12)
    np.testing.assert_array_equal(autoregression.residual(x[:3], RESONANCES), 0.0)


def test_residual_of_many_samples_and_of_time_reversed(rng: np.random.Generator) -> None:
    x = rng.standard_normal(5000)
    e = autoregression.residual(x, RESONANCES)
    np.testing.assert_allclose(e[4:], lfilter(RESONANCES, [1.0], x)[4:], atol=1e-12)
    np.testing.assert_allclose(
        autoregression.backward_residual(x[::-1].copy(), RESONANCES), e[::-1], atol=1e-12
    )


@given(
    n=st.integers(12, 90),
    order=st.integers(1, 9),
    seed=st.integers(0, 999),
    part=st.sampled_from([0.02, 0.2, 0.6]),
)
@settings(max_examples=60, deadline=None)
def test_interpolation_is_the_least_squares_one(n: int, order: int, seed: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    x = resonant(rng, n)
    a = autoregression.levinson(autoregression.autocorrelation(x, np.hanning(n), order), order)
    # The first ``order`` samples: enough of them have to be there, or there are many solutions.
    is_missing = (rng.random(n) < part) & (np.arange(n) >= order)
    filled = x.copy()
    filled[is_missing] = np.nan
    autoregression.interpolate(filled, a, is_missing)
    np.testing.assert_array_equal(filled[~is_missing], x[~is_missing])
    np.testing.assert_allclose(filled, by_least_squares(x, a, is_missing), atol=1e-4 * np.abs(x).max())


def test_gaps_at_both_ends(rng: np.random.Generator) -> None:
    x = resonant(rng, 200)
    for gap in (slice(0, 6), slice(194, 200)):
        is_missing = np.zeros(200, bool)
        is_missing[gap] = True
        filled = x.copy()
        autoregression.interpolate(filled, RESONANCES, is_missing)
        np.testing.assert_allclose(filled, by_least_squares(x, RESONANCES, is_missing), atol=1e-4)


def test_a_gap_in_tones_is_filled_as_if_it_had_not_been_there() -> None:
    time = np.arange(1000)
    x = np.sin(0.11 * time) + 0.5 * np.sin(0.37 * time + 1.0)
    a = np.poly(np.exp([0.11j, -0.11j, 0.37j, -0.37j])).real
    is_missing = (time >= 400) & (time < 440)
    filled = np.where(is_missing, 0.0, x)
    autoregression.interpolate(filled, a, is_missing)
    np.testing.assert_allclose(filled, x, atol=1e-4)


def test_nothing_missing_and_everything_missing() -> None:
    x = np.arange(20.0)
    autoregression.interpolate(x, RESONANCES, np.zeros(20, bool))
    np.testing.assert_array_equal(x, np.arange(20.0))
    autoregression.interpolate(x, RESONANCES, np.ones(20, bool))
    np.testing.assert_array_equal(x, 0.0)
