"""Kernels of the repair of clicks against plain twins."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from dap_stream.processors.declick import kernels, resampling

A = np.array([1.0, -1.2, 0.6, -0.1])


def test_usual_size_is_the_third_largest_block_of_the_larger_side(rng: np.random.Generator) -> None:
    matched, block = rng.standard_normal(640), 16
    power = (matched.reshape(-1, block) ** 2).mean(axis=1)
    expected = []
    for i in range(len(power)):
        sides = power[max(i - 11, 0) : max(i - 1, 0)], power[i + 2 : i + 12]
        expected.append(np.sqrt(max(np.sort(side)[-3] if len(side) >= 3 else 0.0 for side in sides)))
    np.testing.assert_allclose(kernels.usual_size(matched, 0, 640, block), expected)


def test_error_energy_is_that_of_the_residual(rng: np.random.Generator) -> None:
    x = rng.standard_normal(100)
    error = lfilter(A, [1.0], x)
    np.testing.assert_allclose(kernels.error_energy(x, A, 20, 70), np.sum(error[20:70] ** 2))


def test_a_click_has_the_extent_that_it_was_made_with(rng: np.random.Generator) -> None:
    clean = lfilter([1.0], A, 0.01 * rng.standard_normal(400))
    x = clean.copy()
    x[200:212] += rng.choice([-1.0, 1.0], 12)
    forward = lfilter(A, [1.0], x)
    assert kernels.extent(forward, x, A, 205, 0.1, 50, 5) == (200, 212)
    begin, end, before, after = kernels.try_fill(x, A, 203, 209, 3, 0.01, 50)
    assert begin <= 200 and end >= 212 and end - begin < 20
    assert before > 1000 * after
    np.testing.assert_allclose(x, clean, atol=0.2)


def test_a_low_rate_and_back(rng: np.random.Generator) -> None:
    for factor in (4, 16):
        taps = resampling.low_pass(factor)
        x = np.sin(2 * np.pi * 0.2 / factor * np.arange(80 * factor))  # 0.4 of half the low rate
        low = resampling.decimate(x, taps, factor)
        middle = slice(10, -10)
        np.testing.assert_allclose(low[middle], x[::factor][middle], atol=2e-3)
        back = np.zeros(len(x))
        resampling.spread(low, 0, taps, factor, back)
        middle = slice(10 * factor, -10 * factor)
        np.testing.assert_allclose(back[middle], x[middle], atol=5e-3)
    np.testing.assert_array_equal(resampling.low_pass(1), [1.0])
