"""The made-up voices: every one fills what is asked for, and the same seed gives the same samples."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.array_types import F32
from dap_stream.education.voices import espeak, texts
from dap_stream.education.voices.catalogue import VOICES
from dap_stream.errors import DapStreamError

needs_espeak = pytest.mark.skipif(not espeak.is_available(), reason="espeak-ng is not installed")
NAMES = [pytest.param(name, marks=needs_espeak if name == "espeak" else ()) for name in VOICES]
SAMPLES = 32_123


def made(name: str, seed: int) -> F32:
    return VOICES[name](np.random.default_rng(seed), SAMPLES)


@pytest.mark.parametrize("name", NAMES)
def test_a_voice_fills_the_samples_and_depends_on_the_seed_only(name: str) -> None:
    voice = made(name, 1)
    assert voice.shape == (SAMPLES,) and voice.dtype == np.float32
    assert np.isfinite(voice).all()
    assert 0.05 < np.abs(voice).max() < 1.0
    assert 0.01 < voice.std() < 0.15
    np.testing.assert_array_equal(voice, made(name, 1))
    assert not np.array_equal(voice, made(name, 2))


@pytest.mark.parametrize("samples", [1, 400, 16_000])
def test_a_voice_can_be_short(samples: int) -> None:
    assert VOICES["spoken"](np.random.default_rng(0), samples).shape == (samples,)


def test_texts_depend_on_the_seed_only() -> None:
    first, again, other = (texts.text(np.random.default_rng(seed), 20) for seed in (1, 1, 2))
    assert first == again != other
    assert first.isascii() and len(first.split()) > 40


def test_sizes_in_the_header_of_a_stream_may_be_wrong() -> None:
    form = b"fmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0"
    data = b"RIFF\xff\xff\xff\xffWAVE" + form + b"data\0\xf0\xff\x7f" + np.array([0, 16384], "<i2").tobytes()
    samples, rate = espeak.wav_samples(data)
    assert rate == 22050
    np.testing.assert_array_equal(samples, [0.0, 0.5])
    with pytest.raises(DapStreamError, match="WAV"):
        espeak.wav_samples(b"no sound")


@needs_espeak
def test_espeak_speaks_every_kind_of_voice_and_says_what_it_cannot() -> None:
    assert "en-gb" in espeak.languages() and list(espeak.variants()) == sorted(espeak.variants())
    assert espeak.speak("hello", "en-gb", espeak.variants()[0], pitch=10, speed=120).size > 3000
    with pytest.raises(DapStreamError, match="espeak-ng"):
        espeak.speak("hello", "no-such-language")
