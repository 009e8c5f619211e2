"""The band network fitted on the way: pieces as they become whole, a step each, looked at now and then."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.features import TINY
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band import fitting
from dap_stream.models.band import model as model_module
from dap_stream.models.band.fitting import HELD_OUT, PIECE_S
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.model import BandModel
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise import band_learner
from dap_stream.processors.denoise.band_learner import FIRST_PIECES, JUDGED_STEPS, PIECES_APART, BandLearner
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8_000
FRAMES = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
N_PIECE = round(PIECE_S / FRAMES.hop_s)


@pytest.fixture(autouse=True)
def _untaught(monkeypatch):
    monkeypatch.setattr(model_module, "educated_weights", lambda: random_weights(1))


class Spy:
    """In the place of the fitter: writes down what it is given, and what it is asked."""

    def __init__(self, start, frames, seed, known_noise=()):
        self.start, self.known_noise = start, known_noise
        self.pieces, self.taken, self.losses, self.n_judged = [], [], [], 0
        Spy.made.append(self)

    made: ClassVar[list[Spy]] = []

    @property
    def is_ready(self):
        return len(self.pieces) >= 3

    def add(self, piece, keeps_voice):
        self.pieces.append((piece, keeps_voice))

    def steps(self, keeps_voice, rates):
        for _ in rates:
            self.taken.append((len(self.pieces), keeps_voice))
            yield

    def judge(self, keeps_voice):
        self.n_judged += 1
        return 0.5, 0.5 - 0.1 * (self.n_judged % 2)

    def predictor(self):
        return BandPredictor({"fit": np.full(1, self.n_judged, np.float32)})


@pytest.fixture
def spies(monkeypatch):
    monkeypatch.setattr(fitting, "BandFitter", Spy)
    monkeypatch.setattr(Spy, "made", [])
    return Spy.made


def frames(n):
    return np.random.default_rng(0).standard_normal((n, FRAMES.spec.n_bins)).astype(np.float32)


@pytest.mark.parametrize("size", [1, 50, N_PIECE, 3 * N_PIECE])
def test_pieces_are_the_same_however_the_frames_come(spies, size):
    log_power = frames(4 * N_PIECE + 20)
    learner = BandLearner(BandModel("any"), FRAMES, 0)
    for begin in range(0, len(log_power), size):
        learner.hear(log_power[begin : begin + size])
    (spy,) = spies
    whole = np.concatenate([piece for piece, _ in spy.pieces])
    np.testing.assert_array_equal(whole, log_power[: 4 * N_PIECE, : FRAMES.bands.n_bins])
    assert [n for n, _ in spy.taken] == [3, 4], "a step with each, from when it is ready"


def test_steps_become_rare_and_the_fit_is_looked_at_now_and_then(spies):
    learner = BandLearner(BandModel("any"), FRAMES, 0)
    for _ in range(FIRST_PIECES + 3 * PIECES_APART):
        learner.hear(frames(N_PIECE))
    (spy,) = spies
    at = [n for n, _ in spy.taken]
    assert at == [*range(3, FIRST_PIECES + 1), *(FIRST_PIECES + k * PIECES_APART for k in (1, 2, 3))]
    assert spy.n_judged == len(at) // JUDGED_STEPS


def test_what_is_better_is_used_at_once(spies):
    model = BandModel("any")
    learner = BandLearner(model, FRAMES, 0)
    for _ in range(JUDGED_STEPS + 2):
        learner.hear(frames(N_PIECE))
    assert model.predictor.weights == {"fit": 1.0} and model.fit_remark.startswith("fitted to this recording")
    assert spies[0].start.weights is model._start, "each fit starts from what it began with"


def test_silence_is_no_piece(spies):
    learner = BandLearner(BandModel("any"), FRAMES, 0)
    learner.hear(np.full((3 * N_PIECE, FRAMES.spec.n_bins), np.log(TINY), np.float32))
    assert not spies
    learner.hear(frames(N_PIECE))
    assert len(spies[0].pieces) == 1


def test_what_is_wanted_now_is_learned(spies):
    model = BandModel("auto")
    learner = BandLearner(model, FRAMES, 0)
    learner.hear(frames(3 * N_PIECE))
    model.wanted.keeps_voice = True
    learner.hear(frames(N_PIECE))
    assert [keeps for _, keeps in spies[0].pieces] == [False, False, False, True]
    assert spies[0].taken == [(3, False), (4, True)]


def test_a_real_fit_on_the_way_gets_better_and_is_the_same_each_time(monkeypatch):
    monkeypatch.setattr(band_learner, "JUDGED_STEPS", 6)
    rng = np.random.default_rng(0)
    audio = hum_and_hiss(2 * RATE, 16.2)[::2] + 0.01 * rng.standard_normal(round(16.2 * RATE))
    log_power = observed(audio.astype(np.float32), RATE, 48.0)

    def learned():
        model = BandModel("any")
        BandLearner(model, FRAMES, 0).hear(log_power)
        return model

    one, same = learned(), learned()
    assert not one.is_as_at_start and one.fit_remark == same.fit_remark
    for name, value in one.weights().items():
        np.testing.assert_array_equal(value, same.weights()[name])


def make(**changes):
    return DenoiseModel(DenoiseSettings(**{"device": "cpu", "passes": 1, **changes}))


def test_a_model_hears_with_one_learner_until_it_is_reset(spies):
    model = make()
    for _ in range(HELD_OUT):
        model.hear(frames(N_PIECE), FRAMES)
    assert len(spies) == 1 and len(spies[0].pieces) == HELD_OUT
    model.reset()
    model.hear(frames(N_PIECE), FRAMES)
    assert len(spies) == 2 and len(spies[1].pieces) == 1


def test_known_noise_comes_to_it(spies):
    model = make()
    model.hear_noise(0.1 * np.random.default_rng(1).standard_normal((1, RATE)).astype(np.float32), RATE)
    model.hear(frames(N_PIECE), FRAMES)
    (known,) = spies[0].known_noise
    assert known is model.noise


@pytest.mark.parametrize("changes", [{"quality": "fast"}, {"steps": 0}, {"generator": "context"}])
def test_where_nothing_is_to_be_fitted_nothing_is(spies, changes):
    make(**changes).hear(frames(4 * N_PIECE), FRAMES)
    assert not spies


def test_frames_too_short_for_it_are_not_fitted_to(spies):
    short = Frames(StftSpec.for_rate(RATE, 8.0), RATE)
    make().hear(np.zeros((5000, short.spec.n_bins), np.float32), short)
    assert not spies
