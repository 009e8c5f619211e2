from __future__ import annotations

import numpy as np

from dap_stream.dsp.features import WHITE_RANGE, active_frames, lane_power, level_above, log_power, whiten
from dap_stream.dsp.stft import StftSpec, stft
from dap_stream.models.context.receptive_field import GRID, HOLE_BINS


def test_linked_channels_are_one_lane_and_others_one_each(rng):
    spectrum = (rng.standard_normal((2, 5, 9)) + 1j * rng.standard_normal((2, 5, 9))).astype(np.complex64)
    each = np.abs(spectrum) ** 2
    np.testing.assert_allclose(lane_power(spectrum, False), each, rtol=1e-5)
    np.testing.assert_allclose(lane_power(spectrum, True)[0], each.mean(axis=0), rtol=1e-5)


def test_silence_is_finite_and_inactive_and_looks_like_noise():
    power = np.zeros((4, 6), np.float32)
    power[2] = 1e-10  # about the rounding noise of 16 bits
    observed = log_power(power)
    active = active_frames(observed)
    assert np.isfinite(observed).all()
    assert active.tolist() == [False, False, True, False]
    white = whiten(observed, active, np.full(6, np.log(1e-10), np.float32))
    assert np.abs(white).max() < 1e-4


def test_whitening_ends_where_it_says_no_more():
    observed = np.array([[-90.0, 0.0, 90.0]], np.float32)
    white = whiten(observed, np.array([True]), np.zeros(3, np.float32))
    assert white.tolist() == [[WHITE_RANGE[0], 0.0, WHITE_RANGE[1]]]


def test_a_floor_goes_on_at_the_level_below_the_last_known_bin():
    floor = np.concatenate((np.linspace(0.0, 9.9, 100), np.full(60, -99.0))).astype(np.float32)
    is_known = np.arange(160) < 100
    out = level_above(floor, is_known)
    np.testing.assert_array_equal(out[:100], floor[:100])
    np.testing.assert_allclose(out[100:], floor[84:100].mean(), rtol=1e-6)
    for all_or_none in (np.ones(160, np.bool_), np.zeros(160, np.bool_)):
        np.testing.assert_array_equal(level_above(floor, all_or_none), floor)


def test_what_context_may_look_at_shares_next_to_no_noise(rng):
    """The hole and the grid are right for the observation window, and no larger than they need to be."""
    spec = StftSpec(128)
    power = np.abs(stft(spec, rng.standard_normal(400_000).astype(np.float32), spec.observation)) ** 2
    power = power[8:-8, 8:-8]

    def correlation(frames, bins):
        here, there = power[frames:, bins:], power[: len(power) - frames, : power.shape[1] - bins]
        return np.corrcoef(here.ravel(), there.ravel())[0, 1]

    assert abs(correlation(0, HOLE_BINS + 1)) < 0.01 and correlation(0, HOLE_BINS) > 0.015
    assert abs(correlation(GRID, 0)) < 0.05 and correlation(GRID - 1, 0) > 0.2
