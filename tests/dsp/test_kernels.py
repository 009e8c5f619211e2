"""Each kernel against its plain twin."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_twins import assert_same_signature, twins_of

from dap_stream.dsp import gain_kernels, line_kernels, reference, stft_kernels


@given(hop=st.integers(1, 40), n_frames=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_framing_and_overlap_add_equal_their_twins(hop, n_frames, seed):
    rng = np.random.default_rng(seed)
    n_fft = 4 * hop
    audio = rng.standard_normal(n_fft + (n_frames - 1) * hop).astype(np.float32)
    window = rng.standard_normal(n_fft).astype(np.float32)
    fast, slow = np.empty((2, n_frames, n_fft), np.float32)
    stft_kernels.window_frames(audio, window, hop, fast)
    reference.window_frames(audio, window, hop, slow)
    np.testing.assert_array_equal(fast, slow)
    added, plain = audio.copy(), audio.copy()
    stft_kernels.overlap_add(fast, window, hop, added)
    reference.overlap_add(fast, window, hop, plain)
    np.testing.assert_allclose(added, plain, rtol=0, atol=1e-5)


def test_power_and_gain_equal_their_twins(rng):
    spectrum = (rng.standard_normal((3, 7, 20)) + 1j * rng.standard_normal((3, 7, 20))).astype(np.complex64)
    fast, slow = np.empty((2, 7, 20), np.float32)
    stft_kernels.mean_power(spectrum, fast)
    reference.mean_power(spectrum, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-5)
    one, other = spectrum.copy(), spectrum.copy()
    stft_kernels.apply_gain(one, fast)
    reference.apply_gain(other, fast)
    np.testing.assert_allclose(one, other, rtol=1e-6)


@numba.njit
def _exp_and_log(x, y, out):
    for i in range(len(x)):
        out[0, i] = gain_kernels.exp(x[i])
        out[1, i] = gain_kernels.log(y[i])


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
    noise, presence, clean = states
    gain_kernels.omlsa_gain(row * 0, row * 0 + np.float32(log_noise), row, noise * 0, 0.98, -2.0, gain)
    assert np.isfinite(gain).all()
    at_least = np.maximum(row, np.float32(1e-20))
    gain_kernels.classical_gain(at_least, noise, presence, clean, np.full(3, 0.9), -2.0, gain)
    assert np.isfinite(gain).all() and np.isfinite(states).all()


def test_omlsa_gain_equals_its_twin_and_keeps_its_limits(rng):
    log_expected, log_noise = rng.uniform(-30, 30, (2, 40, 50)).astype(np.float32)
    power = np.exp(rng.uniform(-30, 30, (40, 50))).astype(np.float32)
    fast, slow = np.empty((2, 40, 50), np.float32)
    states = np.zeros((2, 50), np.float32)
    floor = float(np.log(0.1))
    gain_kernels.omlsa_gain(log_expected, log_noise, power, states[0], 0.9, floor, fast)
    reference.omlsa_gain(log_expected, log_noise, power, states[1], 0.9, floor, slow)
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
    states = np.zeros((2, 3, 30), np.float32)  # of both: noise, presence, clean
    states[:, 0] = 1.0
    gain_kernels.classical_gain(power, states[0, 0], states[0, 1], states[0, 2], keep, -2.0, fast)
    reference.classical_gain(power, states[1, 0], states[1, 1], states[1, 2], keep, -2.0, slow)
    np.testing.assert_allclose(fast, slow, rtol=5e-4)
    np.testing.assert_allclose(states[0], states[1], rtol=5e-4)


FAST = {**vars(stft_kernels), **vars(gain_kernels), **vars(line_kernels)}
TWINS = twins_of(reference)


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_has_the_signature_of_its_kernel(name):
    assert_same_signature(FAST[name], getattr(reference, name))


def test_twins_were_found():
    assert {"window_frames", "overlap_add", "omlsa_gain", "classical_gain"} <= set(TWINS)
