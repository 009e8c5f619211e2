from __future__ import annotations

import numpy as np

from dap_stream.dsp.noise_tracking import NoiseFloor, NoiseTracker


def noise_blocks(rng, n_blocks, n_frames=128, n_bins=20, level=1.0):
    return [
        np.log(level * rng.exponential(size=(n_frames, n_bins))).astype(np.float32) for _ in range(n_blocks)
    ]


def test_the_floor_is_near_steady_noise(rng):
    floor = NoiseFloor(4)
    active = np.ones(128, bool)
    for block in noise_blocks(rng, 6, level=100.0):
        found = floor.advance(block, active)
    assert found.shape == (20,)
    assert np.abs(found - np.log(100.0)).max() < 0.6


def test_silence_does_not_lower_the_floor(rng):
    floor = NoiseFloor(4)
    before = floor.advance(noise_blocks(rng, 1)[0], np.ones(128, bool))
    after = floor.advance(np.full((128, 20), -46.0, np.float32), np.zeros(128, bool))
    np.testing.assert_array_equal(before, after)


def test_the_noise_psd_is_found_under_a_sound_that_pauses(rng):
    tracker = NoiseTracker(3)
    for _ in range(12):
        expected = rng.normal(0.0, 0.25, (128, 20))  # what a generator says of noise of power 1
        expected[:64] += 5.0  # half of the time there is a sound
        got = tracker.advance(expected.astype(np.float32), np.ones(128, bool))
    assert np.abs(got).max() < 0.35


def test_the_noise_psd_follows_a_change_both_ways_within_its_span():
    tracker = NoiseTracker(2)
    levels = [0.0] * 8 + [3.0] * 8 + [0.0] * 8
    got = [tracker.advance(np.full((16, 5), level, np.float32), np.ones(16, bool)) for level in levels]
    bias = got[7][0, 0]
    late = [float(block[-1, 0] - bias) for block in got[tracker.delay_blocks :]]  # of block i
    assert abs(late[5]) < 1e-5 and abs(late[12] - 3.0) < 1e-5 and abs(late[19]) < 1e-5


def test_a_block_joins_the_next_without_a_step():
    tracker = NoiseTracker(1)
    rng = np.random.default_rng(1)
    blocks = [
        tracker.advance(rng.normal(size=(50, 3)).astype(np.float32), np.ones(50, bool)) for _ in range(9)
    ]
    joined = np.concatenate(blocks[2:])
    within = np.abs(np.diff(joined, axis=0)).max(axis=1)
    assert within[49::50].max() <= within.max() * 1.001  # at the joins nothing more than the slope of a block
