"""Holes and limits: what is taken away, what is known of the rest, and how it is filled without a network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from recordings import sound

from dap_stream.apps.study.damage import BandLimit, Holes, make_damage
from dap_stream.apps.study.settings import StudySettings
from dap_stream.dsp.features import log_power
from dap_stream.dsp.stft import StftSpec, stft

RATE = 16000
SPEC = StftSpec(768)
N_SAMPLES = 24000
HOLES = [(4000, 8000), (15000, 15400)]


def noise() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.asarray(sound(1.5)[0], np.float32)


def log_observed(audio: np.ndarray[tuple[int], np.dtype[np.float32]]):
    return log_power(np.asarray(np.abs(stft(SPEC, audio, SPEC.observation)) ** 2, np.float32))


def test_holes_are_silent_and_all_else_stays() -> None:
    damage = Holes(SPEC, N_SAMPLES, HOLES)
    damaged = damage.damaged(noise())
    for begin, end in HOLES:
        assert not damaged[begin:end].any()
        damaged[begin:end] = noise()[begin:end]
    np.testing.assert_array_equal(damaged, noise())


def test_cells_beside_a_hole_are_known_if_nothing_of_it_is_in_their_frames() -> None:
    damage = Holes(SPEC, N_SAMPLES, HOLES)
    ones = np.ones(N_SAMPLES, np.float32)
    changed = np.abs(np.subtract(stft(SPEC, damage.damaged(ones)), stft(SPEC, ones)))
    # The window of a frame is zero at its first sample: there a frame is called touched that is not.
    touched = changed.max(axis=1) > 1e-6
    assert not damage.is_known[touched].any()
    assert np.count_nonzero(~damage.is_known[:, 0]) <= np.count_nonzero(touched) + 2 * len(HOLES)
    # Asked about are those in the middle of a hole: one for each hop, and no more.
    for (begin, end), expected in zip(HOLES, (4000 / 192, 400 / 192), strict=True):
        alone = Holes(SPEC, N_SAMPLES, [(begin, end)])
        assert abs(np.count_nonzero(alone.is_asked[:, 0]) - expected) <= 1.0
    assert not (damage.is_asked & damage.is_known).any()


def test_a_straight_line_goes_from_edge_to_edge() -> None:
    damage = Holes(SPEC, N_SAMPLES, HOLES)
    ramp = np.repeat(np.arange(len(damage.is_known), dtype=np.float32)[:, None], SPEC.n_bins, axis=1)
    hidden = np.where(damage.is_known, ramp, np.float32(-99.0))
    np.testing.assert_allclose(damage.plain(hidden), ramp, atol=1.0)
    at_begin = Holes(SPEC, N_SAMPLES, [(0, 3000)])
    filled = at_begin.plain(np.where(at_begin.is_known, ramp, np.float32(-99.0)))
    n_filled = np.count_nonzero(~at_begin.is_known[:, 0])
    np.testing.assert_allclose(filled[:n_filled], n_filled + 1.0)


def test_filled_holes_leave_the_known_samples_bit_for_bit() -> None:
    damage = Holes(SPEC, N_SAMPLES, HOLES)
    damaged = damage.damaged(noise())
    filled = damage.filled(damaged, log_observed(noise()), seed=0)
    difference = np.flatnonzero(filled != damaged)
    inside = np.concatenate([np.arange(begin, end) for begin, end in HOLES])
    assert set(difference) <= set(inside) and len(difference) > 0.99 * len(inside)
    level = np.std(filled[4000:8000]) / np.std(noise()[4000:8000])
    assert 0.7 < level < 1.3


def test_nothing_is_left_above_a_limit_and_all_below() -> None:
    damage = BandLimit(SPEC, N_SAMPLES, RATE, 3000.0)
    before, after = (np.fft.rfft(audio) for audio in (noise(), damage.damaged(noise())))
    frequencies = np.fft.rfftfreq(N_SAMPLES, 1.0 / RATE)
    assert np.abs(after[frequencies >= 3000.0]).max() < 1e-3 * np.abs(before).max()
    low = frequencies < 3000.0 - 4 * RATE / SPEC.n_fft
    np.testing.assert_allclose(after[low], before[low], atol=1e-3)


def test_known_bins_are_those_that_the_limit_leaves() -> None:
    damage = BandLimit(SPEC, N_SAMPLES, RATE, 3000.0)
    before, after = log_observed(noise()), log_observed(damage.damaged(noise()))
    inner = slice(8, -8)  # frames: at the ends of the excerpt the low pass is wider than a line
    difference = np.abs(after - before)[inner]
    assert difference[damage.is_known[inner]].max() < 0.5
    assert np.median(difference[damage.is_asked[inner]]) > 5.0
    assert not (damage.is_asked & damage.is_known).any()


def test_the_level_at_the_limit_is_held() -> None:
    damage = BandLimit(SPEC, N_SAMPLES, RATE, 3000.0)
    shape = damage.is_known.shape
    levels = np.random.default_rng(0).standard_normal((shape[0], 1)).astype(np.float32)
    plain = damage.plain(np.where(damage.is_known, levels, np.float32(-99.0)))
    np.testing.assert_allclose(plain, np.broadcast_to(levels, shape), atol=1e-5)


def test_a_filled_band_has_the_level_that_is_asked_for() -> None:
    damage = BandLimit(SPEC, N_SAMPLES, RATE, 3000.0)
    damaged = damage.damaged(noise())
    filled = log_observed(damage.filled(damaged, log_observed(noise()), seed=0))
    wanted = log_observed(noise())
    assert abs(np.mean((filled - wanted)[damage.is_asked])) < 0.7
    assert abs(np.mean((filled - wanted)[damage.is_known])) < 0.05


def test_the_settings_say_which() -> None:
    settings = StudySettings(task="inpaint", start_s=10.0, holes=((10.5, 10.75),))
    damage = make_damage(SPEC, N_SAMPLES, RATE, settings)
    assert isinstance(damage, Holes)
    assert np.flatnonzero(damage.damaged(np.ones(N_SAMPLES, np.float32)) == 0.0)[[0, -1]].tolist() == [
        8000,
        11999,
    ]
    limit = make_damage(SPEC, N_SAMPLES, RATE, StudySettings(task="superres", limit_hz=2000.0))
    assert isinstance(limit, BandLimit)
    assert make_damage(SPEC, N_SAMPLES, RATE, replace(settings, task="denoise", holes=None)) is None


@pytest.mark.parametrize("rate", [8000, 48000, 384000])
def test_the_shortest_hole_has_a_frame_that_is_asked_about(rate: int) -> None:
    from dap_stream.apps.study.excerpt import excerpt_spec
    from dap_stream.apps.study.settings import LEAST_HOLE_S

    for begin in range(rate // 4, rate // 4 + rate // 50, rate // 500):
        hole = (begin, begin + round(LEAST_HOLE_S * rate))
        assert Holes(excerpt_spec(rate), rate // 2, [hole]).is_asked.any()
