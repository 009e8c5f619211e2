"""Each kernel against its plain twin."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream import gain_kernels, kernels, twins
from dap_stream.prior.predict import dense


@given(hop=st.integers(1, 40), n_frames=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_framing_and_overlap_add_equal_their_twins(hop, n_frames, seed):
    rng = np.random.default_rng(seed)
    n_fft = 4 * hop
    audio = rng.standard_normal(n_fft + (n_frames - 1) * hop).astype(np.float32)
    window = rng.standard_normal(n_fft).astype(np.float32)
    fast, slow = np.empty((2, n_frames, n_fft), np.float32)
    kernels.window_frames(audio, window, hop, fast)
    twins.window_frames(audio, window, hop, slow)
    np.testing.assert_array_equal(fast, slow)
    added, plain = audio.copy(), audio.copy()
    kernels.overlap_add(fast, window, hop, added)
    twins.overlap_add(fast, window, hop, plain)
    np.testing.assert_allclose(added, plain, rtol=0, atol=1e-5)


def test_power_and_gain_equal_their_twins(rng):
    spectrum = (rng.standard_normal((3, 7, 20)) + 1j * rng.standard_normal((3, 7, 20))).astype(np.complex64)
    fast, slow = np.empty((2, 7, 20), np.float32)
    kernels.mean_power(spectrum, fast)
    twins.mean_power(spectrum, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-5)
    one, other = spectrum.copy(), spectrum.copy()
    kernels.apply_gain(one, fast)
    twins.apply_gain(other, fast)
    np.testing.assert_allclose(one, other, rtol=1e-6)


@given(seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_surroundings_equal_their_twin(seed):
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((30, 25)).astype(np.float32)
    fast_integral, slow_integral = np.empty((2, 31, 26))
    kernels.integrate(image, fast_integral)
    twins.integrate(image, slow_integral)
    np.testing.assert_allclose(fast_integral, slow_integral, rtol=0, atol=1e-9)
    cells = rng.integers(-5, 6, (4, 2))
    low = rng.integers(-5, 1, (6, 2))
    boxes = np.stack((low[:, 0], low[:, 0] + 4, low[:, 1], low[:, 1] + 3), axis=1)
    frames, bins = rng.integers(5, 25, 17), rng.integers(5, 20, 17)
    fast, slow = np.empty((2, 17, 10), np.float32)
    kernels.gather_surroundings(image, fast_integral, cells, boxes, frames, bins, fast)
    twins.gather_surroundings(image, slow_integral, cells, boxes, frames, bins, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)
    fast, slow = np.zeros((2, 10, 9), np.float32)
    kernels.gather_row(image, fast_integral, cells, boxes, 7, 5, 7, fast)
    twins.gather_row(image, slow_integral, cells, boxes, 7, 5, 7, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)


@given(n_frames=st.integers(1, 9), half=st.integers(1, 9), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_interpolation_equals_its_twin(n_frames, half, seed):
    coarse = np.random.default_rng(seed).standard_normal((n_frames // 2 + 1, half + 1)).astype(np.float32)
    fast, slow = np.empty((2, n_frames, 2 * half + 1), np.float32)
    kernels.interpolate(coarse, fast)
    twins.interpolate(coarse, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-6)


@numba.njit
def _exp_and_log(x, y, out):
    for i in range(len(x)):
        out[0, i] = gain_kernels.exp(x[i])
        out[1, i] = gain_kernels.log(y[i])


@pytest.mark.parametrize("n", [1, 16, 50, 577])
def test_a_layer_equals_its_twin(n, rng):
    weight, bias = rng.standard_normal((6, 24)).astype(np.float32), rng.standard_normal(6).astype(np.float32)
    inputs = rng.standard_normal((26, n)).astype(np.float32)  # rows that the layer does not look at
    fast, slow = np.empty((2, 6, n), np.float32)
    dense(weight, bias, inputs, fast)
    twins.dense(weight, bias, inputs, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)


def test_exponential_and_logarithm_are_exact_to_a_few_units_in_the_last_place():
    x = np.linspace(-87.0, 88.0, 100_001, dtype=np.float32)
    y = np.geomspace(1e-37, 1e38, 100_001).astype(np.float32)
    out = np.empty((2, len(x)), np.float32)
    _exp_and_log(x, y, out)
    np.testing.assert_allclose(out[0], np.exp(x.astype(np.float64)), rtol=3e-7)
    np.testing.assert_allclose(out[1], np.log(y.astype(np.float64)), rtol=3e-7, atol=1e-7)
    _exp_and_log(np.array([-1e4, 1e4], np.float32), np.ones(2, np.float32), out)
    assert 0.0 < out[0, 0] < 1e-37 and 1e38 < out[0, 1] < np.inf


@pytest.mark.parametrize("power", [0.0, 1e-38, 1e30])
@pytest.mark.parametrize("log_noise", [-46.0, 60.0])
def test_gains_of_absurd_levels_are_numbers(power, log_noise):
    row = np.full((3, 5), power, np.float32)
    gain, states = np.empty_like(row), np.full((3, 5), 1e-20, np.float32)
    gain_kernels.omlsa_gain(row * 0, row * 0 + np.float32(log_noise), row, states[0] * 0, 0.98, -2.0, gain)
    assert np.isfinite(gain).all()
    gain_kernels.classical_gain(np.maximum(row, np.float32(1e-20)), *states, np.full(3, 0.9), -2.0, gain)
    assert np.isfinite(gain).all() and np.isfinite(states).all()


def test_omlsa_gain_equals_its_twin_and_keeps_its_limits(rng):
    log_expected, log_noise = rng.uniform(-30, 30, (2, 40, 50)).astype(np.float32)
    power = np.exp(rng.uniform(-30, 30, (40, 50))).astype(np.float32)
    fast, slow = np.empty((2, 40, 50), np.float32)
    states = np.zeros((2, 50), np.float32)
    floor = float(np.log(0.1))
    gain_kernels.omlsa_gain(log_expected, log_noise, power, states[0], 0.9, floor, fast)
    twins.omlsa_gain(log_expected, log_noise, power, states[1], 0.9, floor, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-3)
    np.testing.assert_allclose(states[0], states[1], rtol=1e-3)
    assert fast.min() >= np.float32(0.1) * (1 - 1e-6) and fast.max() <= 1.0
    is_loud = (log_expected - log_noise > 10) & (np.log(power) - log_noise > 10)
    assert fast[is_loud].min() > 0.99  # far above the noise nothing is touched
    nothing = np.zeros((9, 50), np.float32)  # expected power = noise = power: nothing but noise
    quiet = np.empty_like(nothing)
    gain_kernels.omlsa_gain(nothing, nothing, nothing + 1, np.zeros(50, np.float32), 0.9, floor, quiet)
    assert quiet.max() < 0.11


def test_classical_gain_equals_its_twin(rng):
    power = np.exp(rng.uniform(-8, 8, (60, 30))).astype(np.float32)
    keep = np.array([0.9, 0.95, 0.99])
    fast, slow = np.empty((2, 60, 30), np.float32)
    states = [list(np.float32([[1.0] * 30, [0.0] * 30, [0.0] * 30])) for _ in range(2)]
    gain_kernels.classical_gain(power, *states[0], keep, -2.0, fast)
    twins.classical_gain(power, *states[1], keep, -2.0, slow)
    np.testing.assert_allclose(fast, slow, rtol=5e-4)
    for got, wanted in zip(*states, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=5e-4)


FAST = {**vars(kernels), **vars(gain_kernels), "dense": dense}


@pytest.mark.parametrize("name", [name for name in vars(twins) if not name.startswith("_") and name in FAST])
def test_every_twin_has_the_signature_of_its_kernel(name):
    if callable(fast := FAST[name]) and hasattr(fast, "py_func"):
        slow = getattr(twins, name)
        code, plain = fast.py_func.__code__, slow.__code__
        assert code.co_varnames[: code.co_argcount] == plain.co_varnames[: plain.co_argcount]
