"""The limiter keeps the contract, equals a slow twin, and holds every true peak."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from dap_stream.core.array_types import Audio
from dap_stream.core.contract import CHECKS, Contract
from dap_stream.core.contract import stream as through
from dap_stream.dsp import reference
from dap_stream.dsp.true_peak import HALF, interpolators
from dap_stream.processors.loudness.limiter import MARGIN_DB, Limiter

RATE = 8000


def slow(audio: Audio) -> Audio:
    """All of it at once, in plain NumPy, for 6 dB of gain and -1 dBTP."""
    gain, ceiling = 10**0.3, 10 ** ((-1.0 - MARGIN_DB) / 20.0)
    half, one = round(0.0025 * RATE) + 1, 2**30
    padded = np.pad(audio.astype(np.float64), ((0, 0), (2 * HALF + 4 * half, 4 * half + HALF)))
    peaks = np.empty(padded.shape[1] - 2 * HALF + 1)
    reference.true_peaks(padded, interpolators(RATE), 0.0, peaks)
    need = np.ceil(one * np.maximum(1.0 - ceiling / gain / np.maximum(peaks, 1e-9), 0.0)).astype(np.int64)
    wanted = np.lib.stride_tricks.sliding_window_view(need, 2 * half + 1).max(axis=1)
    held = np.empty_like(wanted)
    reference.release(wanted, float(np.exp(-1.0 / (0.1 * RATE))), 0, held)
    box = np.ones(half) / half
    taken = np.convolve(np.convolve(held / one, box, "valid"), box, "valid")
    # need[i] is of padded sample i + HALF - 1; the last of its window is 2 half - 1 behind the sample.
    first = HALF - 1 + 2 * half + 2 * (half - 1) - (2 * half - 1)
    start = 2 * HALF + 4 * half - first
    return np.asarray(audio * (gain * (1.0 - taken[start : start + audio.shape[1]])), audio.dtype)


CONTRACT = Contract(
    make=lambda: Limiter(RATE, 2, 6.0, -1.0),
    offline=slow,
    make_unity=lambda: Limiter(RATE, 2, 0.0, 60.0),
    channels=2,
    tolerance=1e-6,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Contract, np.random.Generator], None], rng: np.random.Generator) -> None:
    check(CONTRACT, rng)


@given(
    rate=st.sampled_from([8000, 44100, 96000, 384000]),
    channels=st.integers(1, 3),
    level_db=st.floats(-20.0, 40.0),
    smooth=st.integers(1, 30),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None)
def test_no_peak_between_samples_is_above_the_ceiling(rate, channels, level_db, smooth, seed):
    rng = np.random.default_rng(seed)
    audio = rng.standard_normal((channels, 6000)) * rng.choice([0.0, 0.1, 1.0], 6000)
    audio = np.apply_along_axis(np.convolve, 1, audio, np.hanning(smooth + 2), "same")
    audio *= 10 ** (level_db / 20.0)
    out = through(Limiter(rate, channels, 0.0, -1.0), audio, 1000)
    between = resample_poly(out, 16, 1, axis=1)[:, 1000:-1000]  # another filter: agrees but for the edges
    assert np.abs(between).max() < 10 ** (-0.8 / 20.0)


def test_far_from_a_peak_it_is_the_gain_and_nothing_else() -> None:
    audio = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 5 * RATE)).astype(np.float32)
    audio[1, 1000] = 5.0
    limiter = Limiter(RATE, 2, 6.0, -1.0)
    out = through(limiter, audio, 777)[:, limiter.latency :]
    plain = (audio.astype(np.float64) * 10**0.3).astype(np.float32)
    same = out == plain
    assert same[:, :900].all() and same[:, 4 * RATE :].all() and not same[:, 1000].any()
    np.testing.assert_allclose(out[0, 1001] / plain[0, 1001], out[1, 1001] / plain[1, 1001], rtol=1e-5)
    assert limiter.n_held == 1 and 20.0 < limiter.most_db < 25.0


def test_absurd_levels_are_held_too() -> None:
    audio = np.zeros((1, 4000))
    audio[0, 2000] = 1e29
    limiter = Limiter(RATE, 1, 0.0, -1.0)
    out = through(limiter, audio, 4000)
    assert (np.isfinite(out).all() and np.abs(out).max() <= 1.0) or limiter.most_db > 150.0
