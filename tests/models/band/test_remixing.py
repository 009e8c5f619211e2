"""Pieces of a recording split into sound and noise, and mixed anew: powers stay powers, shares are true."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.features import N_FEATURES
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.remixing import NOISE_DB, Piece, Remix, remix, remix_loss, split

RATE = 16_000
FRAMES = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
N_BINS = FRAMES.bands.n_bins
HEARD = observed(hum_and_hiss(RATE, 0.8), RATE, 48.0)


class Sure(BandPredictor):
    """Takes the same part of every band for noise."""

    def logits(self, features, state):
        return np.full((len(features), len(LOOKAHEADS) * N_OUTPUTS), self.weights["all"], np.float32)


def sure(share):
    return Sure({"all": np.array(np.log(share / (1.0 - share)), np.float32)})


class Late(BandPredictor):
    """The output of the longest look-ahead says noise for frame `about` and no other, as it is due."""

    about = 11

    def logits(self, features, state):
        out = np.full((len(features), len(LOOKAHEADS), N_OUTPUTS), -30.0, np.float32)
        out[self.about + LOOKAHEADS[-1], -1] = 30.0
        return out.reshape(len(features), -1)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_piece_is_split_as_the_network_says(share):
    piece = split(HEARD, FRAMES, False, sure(share))
    power = np.exp(HEARD[:, :N_BINS])
    np.testing.assert_allclose(piece.noise, share**2 * power, rtol=1e-4)
    np.testing.assert_allclose(piece.sound, (1.0 - share) ** 2 * power, rtol=1e-4)


def test_each_frame_is_split_by_what_is_said_of_it():
    """With the longest look-ahead: a recording is there as a whole."""
    piece = split(HEARD, FRAMES, False, Late({}))
    power = np.exp(HEARD[:, :N_BINS])
    np.testing.assert_allclose(piece.noise[Late.about], power[Late.about], rtol=1e-4)
    others = np.delete(np.arange(len(HEARD)), Late.about)
    np.testing.assert_allclose(piece.sound[others], power[others], rtol=1e-4)


def test_the_network_is_told_what_is_wanted():
    one, other = (split(HEARD, FRAMES, keeps, BandPredictor(random_weights())) for keeps in (False, True))
    assert np.abs(np.log(one.noise + 1e-20) - np.log(other.noise + 1e-20)).max() > 1e-3


def pieces(n=3, sound_level=1.0, noise_level=1.0):
    rng = np.random.default_rng(0)
    shape = (60, N_BINS)
    return [
        Piece(
            (sound_level * rng.exponential(size=shape)).astype(np.float32),
            (noise_level * rng.exponential(size=shape)).astype(np.float32),
        )
        for _ in range(n)
    ]


def make(given, known=(), n=5, seed=0, keeps_voice=False):
    return remix(given, known, FRAMES, keeps_voice, np.random.default_rng(seed), n)


def test_shapes_and_ranges():
    mixed = make(pieces())
    assert mixed.features.shape == (60, 5, N_FEATURES)
    assert mixed.noise_share.shape == mixed.weight.shape == (60, 5, N_BANDS)
    assert np.isfinite(mixed.features).all()
    assert mixed.noise_share.min() >= 0.0 and mixed.noise_share.max() <= 1.0


def test_the_seed_decides():
    one, same, other = make(pieces()), make(pieces()), make(pieces(), seed=1)
    for name in ("features", "noise_share", "weight"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert np.abs(one.noise_share - other.noise_share).max() > 0.01


@pytest.mark.parametrize(("sound_level", "noise_level", "share"), [(0.0, 1.0, 1.0), (1.0, 0.0, 0.0)])
def test_what_is_only_noise_or_only_sound_is_told_as_that(sound_level, noise_level, share):
    present = slice(0, FRAMES.bands.n_present)
    mixed = make(pieces(1, sound_level, noise_level))
    np.testing.assert_allclose(mixed.noise_share[..., present], share, atol=1e-6)
    assert (mixed.weight[..., present] == 1.0).all()


def test_the_noise_is_made_louder_and_softer_within_limits():
    flat = Piece(np.ones((60, N_BINS), np.float32), np.ones((60, N_BINS), np.float32))
    share = make([flat], n=40).noise_share[0, :, 0]
    ratio_db = 10.0 * np.log10(share / (1.0 - share))
    assert -NOISE_DB <= ratio_db.min() < -NOISE_DB / 2.0 and NOISE_DB / 2.0 < ratio_db.max() <= NOISE_DB


def test_noise_of_one_piece_comes_to_the_sound_of_another_at_another_place():
    """Else the network would learn the split that it made."""
    sound = np.ones((60, N_BINS), np.float32)
    noise = np.full((60, N_BINS), 1e-6, np.float32)
    noise[30] = 1.0
    mixed = make([Piece(sound, noise)], n=20)
    places = {int(np.argmax(mixed.noise_share[:, i, 0])) for i in range(20)}
    assert len(places) > 10


def test_bands_in_which_there_is_nothing_do_not_count():
    silent = Piece(np.zeros((60, N_BINS), np.float32), np.zeros((60, N_BINS), np.float32))
    mixed = make([silent])
    assert not mixed.weight.any() and np.isfinite(mixed.features).all()
    logits = torch.zeros((60, 5, len(LOOKAHEADS), N_OUTPUTS))
    assert float(remix_loss(logits, mixed)) == 0.0


@pytest.mark.parametrize("n_frames", [7, 60, 400])
def test_known_noise_of_any_length_is_half_of_the_noise(n_frames):
    """Shorter noise goes on again; of longer noise another place is taken each time."""
    given = [Piece(np.ones((60, N_BINS), np.float32), np.full((60, N_BINS), 1e-4, np.float32))]
    known = np.full((n_frames, N_BINS), 1e4, np.float32)
    mixed = make(given, [known], n=40)
    is_known = mixed.noise_share[..., 0].mean(axis=0) > 0.5
    assert 10 <= is_known.sum() <= 30
    assert mixed.noise_share[:, is_known, 0].min() > 0.99, "from the first frame to the last"


def perfect(mixed, confidence=1.0):
    """Logits that say the true shares, each look-ahead as late as it is."""
    share = np.clip(mixed.noise_share, 1e-6, 1.0 - 1e-6)
    logit = np.log(share / (1.0 - share)) * confidence
    out = np.zeros((*share.shape[:2], len(LOOKAHEADS), N_OUTPUTS), np.float32)
    for i, late in enumerate(LOOKAHEADS):
        out[late:, :, i, :N_BANDS] = logit[: len(share) - late]
    return torch.from_numpy(out)


def test_the_loss_is_least_where_the_true_shares_are_said_in_time():
    mixed = make(pieces())
    best = float(remix_loss(perfect(mixed), mixed))
    share = np.clip(mixed.noise_share, 1e-6, 1.0 - 1e-6).astype(np.float64)
    entropy = -(share * np.log(share) + (1.0 - share) * np.log(1.0 - share))
    in_time = [
        (entropy * mixed.weight)[: 60 - late].sum() / mixed.weight[: 60 - late].sum() for late in LOOKAHEADS
    ]
    assert best == pytest.approx(np.mean(in_time), rel=1e-3), "what cannot be known remains"
    early = torch.roll(perfect(mixed), -1, dims=0)
    for worse in (perfect(mixed, 0.5), perfect(mixed, 2.0), early, torch.zeros_like(early)):
        assert float(remix_loss(worse, mixed)) > best + 1e-4


def test_the_output_for_voices_is_left_alone():
    mixed = make(pieces())
    logits = perfect(mixed)
    before = float(remix_loss(logits, mixed))
    logits[..., N_BANDS] = 7.0
    assert float(remix_loss(logits, mixed)) == before


def test_a_remix_is_made_of_both_parts():
    """The power is that of a sum with random phases: on average that of the parts together."""
    mixed = make(pieces(1), n=3)
    assert isinstance(mixed, Remix)
    assert 0.1 < float(mixed.noise_share[..., :10].mean()) < 0.9
