"""Noise that is shown: what is refused, what is warned of, and what it does to a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from recordings import si_sdr_db, tone_in_noise

from dap_stream.dsp.bands import N_BANDS
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.processors.denoise.array_api import denoise
from dap_stream.processors.denoise.denoiser import Denoiser
from dap_stream.processors.denoise.known_noise import (
    LEAST_FRAMES,
    MOST_ABOVE,
    log_mean,
    noise_frames,
    with_known_noise,
)
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.settings import DenoiseSettings

RATE = 8_000
SPEC = StftSpec.for_rate(RATE, 48.0)
LEAST = SPEC.n_fft + (LEAST_FRAMES - 1) * SPEC.hop
FAST: dict[str, Any] = {"quality": "fast", "steps": 2, "device": "cpu"}


def hiss(n_samples=RATE, channels=1, level=0.05):
    return (level * np.random.default_rng(3).standard_normal((channels, n_samples))).astype(np.float32)


def model(**changes):
    return DenoiseModel(DenoiseSettings(**{**FAST, **changes}))


@pytest.mark.parametrize("generator", ["band", "context"])
def test_too_little_noise_is_refused_with_how_much_it_takes(generator):
    taught = model(generator=generator)
    text = r"the noise that is shown has 0\.\d+ s and needs 0\.\d+ s or more; show more of it"
    with pytest.raises(SettingError, match=text):
        taught.hear_noise(hiss(LEAST - 1), RATE)
    with pytest.raises(SettingError, match="has 0 s and needs"):
        taught.hear_noise(hiss(0), RATE)
    assert taught.noise is None
    taught.hear_noise(hiss(LEAST), RATE)
    assert taught.noise is not None and len(taught.noise) == LEAST_FRAMES


@pytest.mark.parametrize("audio", [np.zeros((1, RATE), np.float32), np.zeros((2, LEAST), np.float32)])
def test_silence_is_no_noise(audio):
    with pytest.raises(SettingError, match="the noise that is shown is silent; show a stretch where"):
        model().hear_noise(audio, RATE)


def test_pauses_in_it_do_not_count():
    audio = np.concatenate((np.zeros((1, RATE), np.float32), hiss()), axis=1)
    plain, paused = noise_frames(SPEC, hiss(), RATE), noise_frames(SPEC, audio, RATE)
    assert len(plain) <= len(paused) <= len(plain) + 4
    assert np.abs(log_mean(plain) - log_mean(paused)).mean() < 0.2


def test_its_level_is_the_mean_of_its_power():
    noise = noise_frames(SPEC, hiss(20 * RATE), RATE)
    np.testing.assert_allclose(log_mean(noise), np.log(np.exp(noise).mean(axis=0)), atol=1e-5)
    loud = log_mean(noise_frames(SPEC, hiss(20 * RATE, level=0.5), RATE))
    np.testing.assert_allclose(loud - log_mean(noise), np.log(100.0), atol=0.01)


def says_voice(monkeypatch, probability):
    def logits(self, features, state):
        out = np.zeros((len(features), len(LOOKAHEADS), N_OUTPUTS), np.float32)
        out[..., N_BANDS] = np.log(probability / (1.0 - probability))
        return out.reshape(len(features), -1)

    monkeypatch.setattr(BandPredictor, "logits", logits)


def test_a_voice_in_it_is_warned_of_and_used_all_the_same(monkeypatch):
    says_voice(monkeypatch, 0.9)
    warned = model()
    (text,) = warned.hear_noise(hiss(), RATE)
    assert text == (
        "the noise that is shown seems to hold a voice (100 % of it): what is like it will be taken away "
        "too; show a stretch without"
    )
    assert warned.noise is not None
    assert model(generator="context").hear_noise(hiss(), RATE) == (), "nobody is there to tell"
    says_voice(monkeypatch, 0.1)
    assert model().hear_noise(hiss(), RATE) == ()


def test_showing_noise_decides_nothing_about_the_recording(monkeypatch):
    says_voice(monkeypatch, 0.9)
    taught = model()
    taught.hear_noise(hiss(), RATE)
    assert taught.bands is not None and not taught.bands.wanted.heard_s and taught.bands.remarks == ()


def test_found_noise_is_raised_to_the_known_one_within_limits():
    found = np.zeros((2, 4), np.float32)
    known = np.array([-3.0, 0.0, MOST_ABOVE / 2.0, 10.0], np.float32)
    np.testing.assert_allclose(
        with_known_noise(found, known), [[0.0, 0.0, MOST_ABOVE / 2.0, MOST_ABOVE]] * 2, rtol=1e-6
    )
    assert not found.any(), "a new array"


def bursts(seconds=6.0):
    """A tone, and noise that comes every second for so short that it is not found as such."""
    clean, _ = tone_in_noise(seconds, RATE)
    noise = hiss(len(clean), level=0.1)[0]
    is_loud = np.arange(len(clean)) % RATE < RATE // 3
    return clean, (clean + noise * np.where(is_loud, 1.0, 0.2)).astype(np.float32)[None], noise[None]


@pytest.mark.parametrize("generator", ["band", "context"])
@pytest.mark.parametrize("passes", [1, 2])
def test_more_of_noise_that_was_shown_is_taken_away(generator, passes):
    _, noisy, noise = bursts()
    options = {**FAST, "generator": generator, "passes": passes, "keep": "any"}
    plain = denoise(noisy, RATE, **options)
    shown = denoise(noisy, RATE, noise=noise, **options)
    quiet = np.sin(2 * np.pi * 0.7 * np.arange(noisy.shape[1]) / RATE) < -0.2
    assert shown.shape == noisy.shape and np.isfinite(shown).all()
    assert shown[:, quiet].std() < plain[:, quiet].std()


def test_the_sound_stays():
    clean, noisy, noise = bursts()
    out = denoise(noisy, RATE, noise=noise, keep="any", **FAST)[0]
    assert si_sdr_db(out, clean) > si_sdr_db(noisy[0], clean)


def test_shown_noise_is_known_in_the_next_stream_too():
    _, noisy, noise = bursts(2.0)
    settings = DenoiseSettings(**{**FAST, "passes": 1, "keep": "any"})
    taught = DenoiseModel(settings)
    taught.hear_noise(noise, RATE)
    denoiser = Denoiser(RATE, 1, settings, model=taught, learn=False)
    np.testing.assert_array_equal(denoiser(noisy, RATE), denoiser(noisy, RATE))
    ignorant = Denoiser(RATE, 1, settings, model=DenoiseModel(settings), learn=False)
    assert np.abs(denoiser(noisy, RATE) - ignorant(noisy, RATE)).max() > 1e-4


@pytest.mark.parametrize("noise", [np.ones(RATE, np.int16), np.ones((2, RATE)), np.full(RATE, np.nan)])
def test_noise_may_be_any_array_that_a_recording_may_be(noise):
    noise = np.asarray(noise)
    if np.isnan(noise).any():
        with pytest.raises(SettingError, match="is silent"):
            denoise(hiss(2000), RATE, noise=noise, **FAST)
        return
    noise = (noise * 1000).astype(noise.dtype) if noise.dtype == np.int16 else noise * 0.1
    noise[..., ::2] *= -1
    assert denoise(hiss(2000), RATE, noise=noise, **FAST).shape == (1, 2000)


def test_noise_is_of_no_use_where_nothing_learns():
    with pytest.raises(SettingError, match="noise is of no use to generator=classical, which learns nothing"):
        denoise(hiss(2000), RATE, noise=hiss(), generator="classical")


def test_noise_that_cannot_be_is_refused_before_anything_is_learned(monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("learned before the check")

    monkeypatch.setattr("dap_stream.processors.denoise.array_api.pretrain", fail)
    with pytest.raises(SettingError, match="needs"):
        denoise(hiss(2000), RATE, noise=hiss(100), **FAST)
