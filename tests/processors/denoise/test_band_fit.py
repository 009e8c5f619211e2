"""The band network gets to know a recording: the decision, the fit, and that a fit must be worth it."""

from __future__ import annotations

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.features import TINY
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band import fitting
from dap_stream.models.band import model as model_module
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.model import BandModel
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise.band_fit import adapt, take_if_better

RATE = 8_000
FRAMES = Frames(StftSpec.for_rate(RATE, 48.0), RATE)
SHORT_FRAMES = Frames(StftSpec.for_rate(RATE, 8.0), RATE)


@pytest.fixture(autouse=True)
def _untaught(monkeypatch):
    monkeypatch.setattr(model_module, "educated_weights", lambda: random_weights(1))


@pytest.fixture(scope="module")
def heard() -> list[np.ndarray]:
    """A recording of 12 s in three stretches."""
    rng = np.random.default_rng(0)
    audio = hum_and_hiss(2 * RATE, 12.6)[::2] + 0.01 * rng.standard_normal(round(12.6 * RATE))
    return np.array_split(observed(audio.astype(np.float32), RATE, 48.0), 3)


def nobody(part):
    """Is told how far it is."""


def fit(model, heard, n_steps=1, frames=FRAMES, seed=0, progress=nobody, known_noise=None):
    adapt(model, heard, frames, n_steps, seed, progress, known_noise)
    return model


def says_voice(monkeypatch, probability):
    """The network hears a voice everywhere, or nowhere."""
    logit = np.log(probability / (1.0 - probability))

    def logits(self, features, state):
        out = np.zeros((len(features), len(LOOKAHEADS), N_OUTPUTS), np.float32)
        out[..., N_BANDS] = logit
        return out.reshape(len(features), -1)

    monkeypatch.setattr(BandPredictor, "logits", logits)


@pytest.mark.parametrize(
    ("keep", "probability", "keeps_voice"),
    [("auto", 0.9, True), ("auto", 0.1, False), ("any", 0.9, False), ("voice", 0.1, True)],
)
def test_what_is_wanted_is_decided_by_all_that_was_heard_and_then_settled(
    monkeypatch, heard, keep, probability, keeps_voice
):
    says_voice(monkeypatch, probability)
    model = fit(BandModel(keep), heard, n_steps=0)
    assert model.wanted.keeps_voice is keeps_voice and model.wanted.is_settled
    assert model.is_as_at_start and model.fit_remark == ""
    if keep == "auto":  # otherwise it need not listen
        assert model.wanted.heard_s == pytest.approx(12.5, abs=0.1)
        assert len(model.remarks) == 1 and model.remarks[0].startswith("keeps ")


def test_nothing_is_remarked_on_silence():
    silence = np.full((400, FRAMES.spec.n_bins), np.log(TINY), np.float32)
    model = fit(BandModel("auto"), [silence])
    assert model.remarks == () and model.is_as_at_start and not model.wanted.keeps_voice


def judged(monkeypatch, before, after):
    monkeypatch.setattr(fitting.BandFitter, "judge", lambda self, keeps_voice: (before, after))


def test_a_fit_that_is_better_is_used_and_told(monkeypatch, heard):
    judged(monkeypatch, 0.5, 0.4)
    model = fit(BandModel("any"), heard, 2)
    assert not model.is_as_at_start
    assert model.fit_remark == "fitted to this recording (20 % better on parts kept apart)"
    model.wanted.hear(np.zeros(9, np.float32), FRAMES.hop_s)  # while it is cleaned
    assert model.remarks == ("keeps any sound", model.fit_remark)
    assert any(np.abs(value - random_weights(1)[name]).max() > 0 for name, value in model.weights().items())
    model.reset()
    assert model.is_as_at_start and model.remarks == ()


def test_a_later_look_that_is_worse_keeps_the_earlier_fit_in_use(monkeypatch, heard):
    model = BandModel("any")
    fitter = fitting.BandFitter(model.predictor, FRAMES, 0)
    judged(monkeypatch, 0.5, 0.4)
    take_if_better(model, fitter)
    earlier, remark = model.predictor, model.fit_remark
    judged(monkeypatch, 0.5, 0.6)
    take_if_better(model, fitter)
    assert model.predictor is earlier and model.fit_remark == remark
    assert not model.is_as_at_start


@pytest.mark.parametrize("after", [0.5, 0.6, float("nan")])
def test_a_fit_that_is_no_better_is_thrown_away_and_told(monkeypatch, heard, after):
    judged(monkeypatch, 0.5, after)
    model = fit(BandModel("any"), heard, 2)
    assert model.is_as_at_start
    assert model.fit_remark == "not fitted to this recording (no better on parts kept apart)"
    for name, value in model.weights().items():
        np.testing.assert_array_equal(value, random_weights(1)[name])


def test_the_same_seed_fits_the_same(monkeypatch, heard):
    judged(monkeypatch, 0.5, 0.4)
    one, same, other = (fit(BandModel("any"), heard, seed=seed).weights() for seed in (0, 0, 1))
    for name, value in one.items():
        np.testing.assert_array_equal(value, same[name])
    assert any(np.abs(value - other[name]).max() > 0 for name, value in one.items())


def test_progress_is_told_after_each_step_and_may_cancel(heard):
    parts: list[float] = []
    fit(BandModel("any"), heard, 3, progress=parts.append)
    assert parts == pytest.approx([1 / 3, 2 / 3, 1.0])

    def cancel(part):
        raise KeyboardInterrupt

    model = BandModel("any")
    with pytest.raises(KeyboardInterrupt):
        fit(model, heard, 3, progress=cancel)
    assert model.is_as_at_start


def test_steps_become_smaller(monkeypatch, heard):
    rates: list[float] = []
    monkeypatch.setattr(
        fitting.BandFitter, "steps", lambda self, keeps_voice, planned: map(rates.append, planned)
    )
    judged(monkeypatch, 0.5, 0.5)
    fit(BandModel("any"), heard, 9)
    np.testing.assert_allclose(rates, 1.0 - 0.9 * np.arange(9) / 9)


@pytest.mark.parametrize("seconds", [0.0, 1.0, 5.0])
def test_too_little_is_not_fitted_to(heard, seconds):
    """Three pieces are needed: two to be mixed, and one to judge by."""
    n = round(seconds / FRAMES.hop_s)
    model = fit(BandModel("any"), [np.concatenate(heard)[:n]])
    assert model.is_as_at_start and model.fit_remark == ""


def test_pieces_that_are_mostly_silent_teach_nothing(heard):
    silent = [stretch.copy() for stretch in heard]
    for stretch in silent:
        stretch[np.arange(len(stretch)) % 5 > 1] = np.log(TINY)
    model = fit(BandModel("any"), silent)
    assert model.is_as_at_start and model.fit_remark == ""


def test_frames_shorter_than_those_it_was_taught_with_are_not_fitted_to():
    audio = hum_and_hiss(2 * RATE, 8.0)[::2]
    model = fit(BandModel("auto"), [observed(audio, RATE, 8.0)], frames=SHORT_FRAMES)
    assert model.is_as_at_start and model.fit_remark == "" and model.wanted.is_settled


def test_known_noise_takes_part(monkeypatch, heard):
    judged(monkeypatch, 0.5, 0.4)
    noise = observed(0.05 * np.random.default_rng(1).standard_normal(RATE).astype(np.float32), RATE, 48.0)
    plain, shown = (fit(BandModel("any"), heard, known_noise=known) for known in (None, noise))
    assert any(np.abs(value - shown.weights()[name]).max() > 0 for name, value in plain.weights().items())
