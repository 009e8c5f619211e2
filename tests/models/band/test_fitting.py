"""A band network fitted to a recording that is made here: it gets better at it, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band import fitting, remixing
from dap_stream.models.band.fitting import HELD_OUT, MOST_PIECES, PIECE_S, BandFitter, pieces_of
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.remixing import Piece

RATE = 8_000
FRAMES = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
START = BandPredictor(random_weights())


@pytest.fixture(scope="module")
def heard() -> list[np.ndarray]:
    """Six pieces of a hum that comes and goes in a hiss."""
    rng = np.random.default_rng(0)
    audio = hum_and_hiss(2 * RATE, 12.2)[::2] + 0.01 * rng.standard_normal(round(12.2 * RATE))
    return pieces_of(observed(audio.astype(np.float32), RATE, 48.0), FRAMES)


def fitter_of(pieces, seed=0, known=()):
    fitter = BandFitter(START, FRAMES, seed, known)
    for piece in pieces:
        fitter.add(piece, False)
    return fitter


def take(fitter, n_steps=1, rate=1.0):
    for _ in fitter.steps(False, [rate] * n_steps):
        pass


def test_a_recording_is_cut_into_pieces_and_what_is_left_over_is_left_out():
    n = round(PIECE_S / FRAMES.hop_s)
    log_power = np.random.default_rng(0).standard_normal((2 * n + n // 2, FRAMES.spec.n_bins))
    one, two = pieces_of(log_power.astype(np.float32), FRAMES)
    assert one.shape == two.shape == (n, FRAMES.bands.n_bins)
    np.testing.assert_array_equal(two, log_power[n : 2 * n, : FRAMES.bands.n_bins].astype(np.float32))
    (short,) = pieces_of(log_power[: n - 1].astype(np.float32), FRAMES)
    assert short.shape == one.shape, "one that is a little short goes on at its beginning"
    np.testing.assert_array_equal(short[: n - 1], one[: n - 1])
    np.testing.assert_array_equal(short[n - 1], one[0])
    assert pieces_of(log_power[: n // 2].astype(np.float32), FRAMES) == []


def test_it_is_ready_once_there_is_something_to_mix_and_something_to_judge_by(heard):
    fitter = BandFitter(START, FRAMES, 0)
    ready = [fitter.is_ready]
    for piece in heard[:4]:
        fitter.add(piece, False)
        ready.append(fitter.is_ready)
    assert ready == [False, False, False, True, True]


def test_before_the_first_step_it_is_what_it_started_from(heard):
    fitter = fitter_of(heard)
    before, after = fitter.judge(False)
    assert before == after
    for name, value in fitter.predictor().weights.items():
        np.testing.assert_array_equal(value, START.weights[name])


def test_steps_lower_the_loss_on_pieces_that_were_kept_apart(heard):
    """And the next look at it gives the same numbers to the bit."""
    fitter = fitter_of(heard)
    take(fitter, 12)
    before, after = fitter.judge(False)
    assert after < before - 0.003
    assert fitter.judge(False) == (before, after)


def test_the_same_seed_gives_the_same_weights_and_another_one_others(heard):
    def weights(seed):
        fitter = fitter_of(heard[:3], seed)
        take(fitter, 2)
        return fitter.predictor().weights

    one, same, other = weights(0), weights(0), weights(1)
    for name, value in one.items():
        np.testing.assert_array_equal(value, same[name])
    assert any(np.abs(value - other[name]).max() > 0 for name, value in one.items())


def test_judging_changes_nothing_that_is_learned_afterwards(heard):
    plain, judged = fitter_of(heard[:3]), fitter_of(heard[:3])
    for fitter in (plain, judged):
        take(fitter)
    judged.judge(False)
    for fitter in (plain, judged):
        take(fitter)
    for name, value in plain.predictor().weights.items():
        np.testing.assert_array_equal(value, judged.predictor().weights[name])


def test_the_start_is_never_changed(heard):
    before = {name: value.copy() for name, value in START.weights.items()}
    fitter = fitter_of(heard[:3])
    take(fitter)
    for name, value in START.weights.items():
        np.testing.assert_array_equal(value, before[name])


def test_a_rate_of_nothing_learns_nothing(heard):
    fitter = fitter_of(heard[:3])
    take(fitter, rate=0.0)
    for name, value in fitter.predictor().weights.items():
        np.testing.assert_allclose(value, START.weights[name], rtol=0, atol=1e-7)


def numbered(monkeypatch):
    """Pieces that say which they are, in the place of what the network would take them for."""
    monkeypatch.setattr(
        fitting, "split", lambda piece, frames, keeps_voice, start: Piece(piece, np.zeros_like(piece))
    )
    return [np.full((1, 1), i, np.float32) for i in range(3 * MOST_PIECES)]


def test_every_fifth_piece_is_kept_apart_and_the_oldest_ones_are_forgotten(monkeypatch):
    fitter = fitter_of(numbered(monkeypatch))
    taught, held_out = (
        [int(piece.sound[0, 0]) for piece in pieces] for pieces in (fitter._taught, fitter._held_out)
    )
    assert all(number % HELD_OUT == 0 for number in held_out)
    assert all(number % HELD_OUT for number in taught)
    assert len(taught) == MOST_PIECES and len(held_out) == MOST_PIECES // HELD_OUT
    assert taught[-1] == 3 * MOST_PIECES - 1 and held_out[-1] == 3 * MOST_PIECES - HELD_OUT


def test_known_noise_is_what_is_mixed_in(heard, monkeypatch):
    seen = []
    remix = remixing.remix

    def spy(pieces, known_noise, *rest):
        seen.extend(known_noise)
        return remix(pieces, known_noise, *rest)

    monkeypatch.setattr(fitting, "remix", spy)
    noise = observed(0.1 * hum_and_hiss(2 * RATE, 0.5)[::2], RATE, 48.0)
    fitter = fitter_of(heard[:3], known=[noise])
    take(fitter)
    np.testing.assert_allclose(seen[0], np.exp(noise[:, : FRAMES.bands.n_bins]), rtol=1e-6)
