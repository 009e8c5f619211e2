"""Kernels of steady lines against their plain twins, and what they are for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp import line_kernels, reference


@given(n_frames=st.integers(1, 30), half=st.integers(0, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_robust_means_equal_their_twin(n_frames: int, half: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((3, n_frames)) + 1j * rng.standard_normal((3, n_frames))
    knots = rng.integers(0, n_frames, 4)
    taper = np.hanning(2 * half + 3)[1:-1]
    results = []
    for module in (line_kernels, reference):
        means, noise = np.empty((3, 4), np.complex128), np.empty((3, 4))
        module.robust_means(values, taper, knots, 3, means, noise)
        results.append((means, noise))
    np.testing.assert_allclose(results[0][0], results[1][0], atol=1e-9)
    np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-9)


def test_a_mean_is_that_of_most_values_not_of_all(rng: np.random.Generator) -> None:
    values = np.full((1, 41), 1.0 + 2.0j) + 0.01 * rng.standard_normal((1, 41))
    values[:, 5:20] += 50.0 * np.exp(1j * rng.uniform(0.0, 6.28, 15))  # a word
    means, noise = np.empty((1, 1), np.complex128), np.empty((1, 1))
    line_kernels.robust_means(values, np.ones(41), np.array([20]), 5, means, noise)
    assert abs(means[0, 0] - (1.0 + 2.0j)) < 0.03
    assert noise[0, 0] < 0.01


@given(hop=st.integers(1, 23), n_knots=st.integers(2, 5), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_tones_equal_their_twin(hop: int, n_knots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    amplitudes = rng.standard_normal((3, n_knots)) + 1j * rng.standard_normal((3, n_knots))
    amplitudes[1] = 0.0
    phases = np.cumsum(rng.uniform(0.0, 3.0 * hop, (3, n_knots)), axis=1)
    start = rng.standard_normal((n_knots - 1) * hop)
    results = []
    for module in (line_kernels, reference):
        out = start.copy()
        module.add_tones(amplitudes, phases, hop, out)
        results.append(out)
    np.testing.assert_allclose(results[0], results[1], atol=1e-9)
