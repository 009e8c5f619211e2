"""Each kernel against its plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import exp1

from dap_stream import kernels, twins


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
    fast, slow = np.empty((2, 10, 3 * 14), np.float32)
    kernels.gather_rows(image, fast_integral, cells, boxes, 7, 3, 5, 14, fast)
    twins.gather_rows(image, slow_integral, cells, boxes, 7, 3, 5, 14, slow)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)


def test_exponential_integral_equals_scipys():
    values = np.geomspace(1e-6, 60.0, 2000)
    got = np.array([kernels._half_exponential_integral.py_func(v) for v in values])
    np.testing.assert_allclose(got, 0.5 * exp1(values), rtol=1e-5, atol=1e-7)


def test_omlsa_gain_equals_its_twin_and_keeps_its_limits(rng):
    log_expected, log_noise = rng.uniform(-30, 30, (2, 40, 50)).astype(np.float32)
    power = np.exp(rng.uniform(-30, 30, (40, 50))).astype(np.float32)
    fast, slow = np.empty((2, 40, 50), np.float32)
    states = np.zeros((2, 50))
    floor = float(np.log(0.1))
    kernels.omlsa_gain(log_expected, log_noise, power, states[0], 0.9, floor, fast)
    twins.omlsa_gain(log_expected, log_noise, power, states[1], 0.9, floor, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-3)
    np.testing.assert_allclose(states[0], states[1], rtol=1e-3)
    assert fast.min() >= np.float32(0.1) * (1 - 1e-6) and fast.max() <= 1.0
    is_loud = (log_expected - log_noise > 10) & (np.log(power) - log_noise > 10)
    assert fast[is_loud].min() > 0.99  # far above the noise nothing is touched
    nothing = np.zeros((9, 50), np.float32)  # expected power = noise = power: nothing but noise
    quiet = np.empty_like(nothing)
    kernels.omlsa_gain(nothing, nothing, nothing + 1, np.zeros(50), 0.9, floor, quiet)
    assert quiet.max() < 0.11


def test_classical_gain_equals_its_twin(rng):
    power = np.exp(rng.uniform(-8, 8, (60, 30))).astype(np.float32)
    keep = np.array([0.9, 0.95, 0.99])
    fast, slow = np.empty((2, 60, 30), np.float32)
    states = [[np.ones(30), np.zeros(30), np.zeros(30)] for _ in range(2)]
    kernels.classical_gain(power, *states[0], keep, -2.0, fast)
    twins.classical_gain(power, *states[1], keep, -2.0, slow)
    np.testing.assert_allclose(fast, slow, rtol=5e-4)
    for got, wanted in zip(*states, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=5e-4)


@pytest.mark.parametrize("name", [n for n in dir(twins) if not n.startswith("_") and n in dir(kernels)])
def test_every_twin_has_the_signature_of_its_kernel(name):
    if callable(fast := getattr(kernels, name)) and hasattr(fast, "py_func"):
        slow = getattr(twins, name)
        code, plain = fast.py_func.__code__, slow.__code__
        assert code.co_varnames[: code.co_argcount] == plain.co_varnames[: plain.co_argcount]
