from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySource
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.models.band.frames import Frames
from dap_stream.processors.denoise import settings as settings_module
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.pretrain import (
    BAND_PART,
    BAND_PIECE_S,
    MOST_EXCERPTS,
    PIECE_S,
    STEPS_PER_PIECE,
    _excerpts,
    learn,
    pretrain,
)
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8000


class Spy(ArraySource):
    """Remembers what was read."""

    def __init__(self, audio):
        super().__init__(audio, RATE)
        self.reads = []

    def seek(self, sample):
        self.reads.append(sample)
        super().seek(sample)


def source(seconds):
    return Spy(np.random.default_rng(0).normal(0, 0.1, (1, int(seconds * RATE))).astype(np.float32))


def test_pieces_cover_the_recording_evenly_in_random_order_with_the_seed():
    settings = DenoiseSettings(steps=10 * STEPS_PER_PIECE, device="cpu", quality="fast")
    one, same, other = source(100), source(100), source(100)
    learn(one, settings)
    learn(same, settings)
    learn(other, DenoiseSettings(steps=10 * STEPS_PER_PIECE, seed=1, device="cpu", quality="fast"))
    assert one.reads == same.reads != other.reads
    starts = one.reads[:10]  # then it is listened to, to decide what is wanted
    assert starts != sorted(starts)
    room = 100 * RATE - int(PIECE_S * RATE)
    assert [int(start / room * 10) for start in sorted(starts)] == list(range(10))


def test_same_seed_same_weights_other_seed_others():
    def weights(seed):
        return learn(source(20), DenoiseSettings(steps=12, seed=seed, device="cpu", quality="fast")).weights

    one, same, other = weights(0), weights(0), weights(1)
    for name, value in one.items():
        np.testing.assert_array_equal(value, same[name])
    assert any(np.abs(value - other[name]).max() > 0 for name, value in one.items())


@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("steps", [0, 1, 5, 13])
def test_exactly_the_steps_asked_for_are_taken_however_many_channels(monkeypatch, steps, linked):
    taken = []
    n_channels = 3
    model = DenoiseModel(DenoiseSettings(steps=steps, linked=linked, device="cpu", quality="fast"))
    monkeypatch.setattr(model.generator, "learn", lambda block, n, rate: taken.append(n))
    audio = np.random.default_rng(0).normal(0, 0.1, (n_channels, 10 * RATE)).astype(np.float32)
    pretrain(model, Spy(audio))
    assert sum(taken) == steps


def test_a_profile_is_the_start_and_progress_may_cancel():
    settings = DenoiseSettings(steps=12, device="cpu", quality="fast")
    profile = learn(source(10), settings)
    again = learn(source(10), DenoiseSettings(steps=0, device="cpu", quality="fast"), profile)
    for name, value in profile.weights.items():
        np.testing.assert_array_equal(value, again.weights[name])
    fractions: list[float] = []
    learn(source(10), settings, progress=fractions.append)
    assert fractions == [0.5, 1.0]

    def cancel(fraction):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(source(10), settings, progress=cancel)


def test_where_the_taught_network_is_fitted_too_progress_goes_on_to_the_end(monkeypatch):
    monkeypatch.setattr(settings_module, "BAND_STEPS", {"standard": 3})
    fractions: list[float] = []
    learn(source(20), DenoiseSettings(steps=24, device="cpu"), progress=fractions.append)
    assert len(fractions) == 4 + 3 and fractions == sorted(fractions)
    assert fractions[3] == pytest.approx(1.0 - BAND_PART) and fractions[-1] == 1.0


def test_excerpts_of_a_short_recording_cover_all_of_it_and_do_not_overlap():
    frames = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
    heard = source(30)
    excerpts = _excerpts(heard, frames, 0)
    length = heard.reads[1]
    assert heard.reads == list(range(0, 30 * RATE, length))
    n_frames = len(excerpts[0])
    assert n_frames * frames.hop_s == pytest.approx(BAND_PIECE_S, abs=2.0 * frames.hop_s)
    assert length >= (n_frames - 1) * frames.spec.hop + frames.spec.n_fft
    assert all(each.shape[1] == frames.bands.n_bins for each in excerpts)


def test_excerpts_of_a_long_recording_are_so_many_and_no_more():
    frames = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
    heard = source(1.2 * MOST_EXCERPTS * BAND_PIECE_S)
    assert len(_excerpts(heard, frames, 0)) == len(set(heard.reads)) == MOST_EXCERPTS


@pytest.mark.parametrize("linked", [True, False])
def test_what_is_wanted_is_decided_before_the_recording_is_cleaned(linked):
    model = DenoiseModel(DenoiseSettings(steps=12, device="cpu", quality="fast", linked=linked))
    pretrain(model, source(10))
    assert model.bands is not None
    assert model.bands.wanted.is_settled and model.bands.wanted.heard_s > 6.0
    assert model.bands.remarks


@pytest.mark.parametrize("generator", ["classical", "dcgan"])
def test_other_generators_have_no_first_pass(generator):
    with pytest.raises(SettingError, match=f"generator={generator} has no first pass"):
        learn(source(1), DenoiseSettings(generator=generator))
