"""The learner of a live stream: it listens for voices with the sound it was not shown before."""

from __future__ import annotations

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed, random_weights

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band import model as model_module
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise.learner import Learner, Lesson
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8_000
FRAMES = Frames(StftSpec.for_rate(RATE, 32.0), RATE)
BLOCK_S = 0.5
N_NEWEST = round(BLOCK_S / FRAMES.hop_s)


def says_voice(monkeypatch, probability):
    """The network hears a voice everywhere, or nowhere."""

    def logits(self, features, state):
        out = np.zeros((len(features), len(LOOKAHEADS), N_OUTPUTS), np.float32)
        out[..., N_BANDS] = np.log(probability / (1.0 - probability))
        return out.reshape(len(features), -1)

    monkeypatch.setattr(model_module, "educated_weights", lambda: random_weights(1))
    monkeypatch.setattr(BandPredictor, "logits", logits)


def looked(keep, n_looks=6, **changes):
    """A learner that was shown the last 2 s of a hum again and again, half a second later each time."""
    settings = DenoiseSettings(
        window_ms=32.0, block_s=BLOCK_S, steps=1, passes=1, device="cpu", keep=keep, **changes
    )
    learner = Learner(Lesson(settings, None, True, N_NEWEST, FRAMES))
    log_power = observed(hum_and_hiss(2 * RATE, 7.0)[::2], RATE, 32.0)
    for look in range(1, n_looks + 1):
        end = look * N_NEWEST
        learner.look([log_power[max(end - 4 * N_NEWEST, 0) : end]], look * BLOCK_S, False)
    assert learner._model.bands is not None
    return learner._model.bands.wanted


@pytest.mark.parametrize(("probability", "keeps_voice"), [(0.9, True), (0.1, False)])
def test_with_auto_it_decides_by_what_is_heard(monkeypatch, probability, keeps_voice):
    says_voice(monkeypatch, probability)
    wanted = looked("auto")
    assert wanted.keeps_voice is keeps_voice and not wanted.is_settled
    assert wanted.heard_s == pytest.approx(6 * BLOCK_S, abs=0.1), "each frame once"


@pytest.mark.parametrize(("keep", "keeps_voice"), [("voice", True), ("any", False)])
def test_what_was_asked_for_stays(monkeypatch, keep, keeps_voice):
    says_voice(monkeypatch, 0.1 if keeps_voice else 0.9)
    assert looked(keep).keeps_voice is keeps_voice
