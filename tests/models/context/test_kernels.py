"""Each kernel of `context` against its plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_twins import assert_same_signature, twins_of

from dap_stream.models.context import gather_kernels, mlp_kernels, reference


@given(seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_surroundings_equal_their_twin(seed):
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((30, 25)).astype(np.float32)
    fast_integral, slow_integral = np.empty((2, 31, 26))
    gather_kernels.integrate(image, fast_integral)
    reference.integrate(image, slow_integral)
    np.testing.assert_allclose(fast_integral, slow_integral, rtol=0, atol=1e-9)
    cells = rng.integers(-5, 6, (4, 2))
    low = rng.integers(-5, 1, (6, 2))
    boxes = np.stack((low[:, 0], low[:, 0] + 4, low[:, 1], low[:, 1] + 3), axis=1)
    frames, bins = rng.integers(5, 25, 17), rng.integers(5, 20, 17)
    fast, slow = np.empty((2, 17, 10), np.float32)
    gather_kernels.gather_surroundings(image, fast_integral, cells, boxes, frames, bins, fast)
    reference.gather_surroundings(image, slow_integral, cells, boxes, frames, bins, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)
    fast, slow = np.zeros((2, 10, 9), np.float32)
    gather_kernels.gather_row(image, fast_integral, cells, boxes, 7, 5, 7, fast)
    reference.gather_row(image, slow_integral, cells, boxes, 7, 5, 7, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)


@given(n_frames=st.integers(1, 9), half=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_interpolation_equals_its_twin(n_frames, half, seed):
    coarse = np.random.default_rng(seed).standard_normal((n_frames // 2 + 1, half + 1)).astype(np.float32)
    fast, slow = np.empty((2, n_frames, 2 * half + 1), np.float32)
    mlp_kernels.interpolate(coarse, fast)
    reference.interpolate(coarse, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n", [1, 16, 50, 577])
def test_a_layer_equals_its_twin(n, rng):
    weight, bias = rng.standard_normal((6, 24)).astype(np.float32), rng.standard_normal(6).astype(np.float32)
    inputs = rng.standard_normal((26, n)).astype(np.float32)  # rows that the layer does not look at
    fast, slow = np.empty((2, 6, n), np.float32)
    mlp_kernels.dense(weight, bias, inputs, fast)
    reference.dense(weight, bias, inputs, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)


FAST = {**vars(gather_kernels), **vars(mlp_kernels)}
TWINS = twins_of(reference)


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_has_the_signature_of_its_kernel(name):
    assert_same_signature(FAST[name], getattr(reference, name))


def test_twins_were_found():
    assert {"integrate", "gather_surroundings", "gather_row", "dense", "interpolate"} <= set(TWINS)
