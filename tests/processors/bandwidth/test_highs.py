"""How loud highs are made up, and from which structure."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.dsp.band_limit import BandLimit
from dap_stream.dsp.stft import StftSpec, istft, stft
from dap_stream.models.highs.features import N_ABOVE, TOP_HZ, band_edges_above, n_taught
from dap_stream.models.highs.predictor import HighsPredictor, educated_predictor
from dap_stream.processors.bandwidth import highs
from dap_stream.processors.bandwidth.highs import Highs

RATE = 16000
SPEC = StftSpec(512)
LIMIT = BandLimit(4000.0, 4100.0)
BIN_HZ = RATE / SPEC.n_fft


class AsLoud(HighsPredictor):
    """Predicts the level just below the limit."""

    def levels(self, features: F32) -> F32:
        return np.zeros((len(features), N_ABOVE), np.float32)


class LouderAbove(HighsPredictor):
    """As `AsLoud` in the bands that were taught at 4 kHz; in the others, louder by 87 dB."""

    def levels(self, features: F32) -> F32:
        return np.asarray(20.0 * (np.arange(N_ABOVE) >= 3) * np.ones((len(features), 1)), np.float32)


def added(audio: np.ndarray, predictor: HighsPredictor) -> np.ndarray:
    maker = Highs(LIMIT, SPEC, RATE, predictor, -highs.LEVEL_DB, 20000.0)
    spectrum = stft(SPEC, audio.astype(np.float32))
    power = np.abs(stft(SPEC, audio.astype(np.float32), SPEC.observation)) ** 2
    return maker.advance(spectrum, power)


def noise(rng: np.random.Generator, slope_db: float = 0.0, n: int = 4 * RATE) -> np.ndarray:
    """White up to 1 kHz, then with a slope in dB an octave, up to the limit."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1.0 / RATE)
    spectrum *= 10.0 ** (slope_db / 20.0 * np.log2(np.maximum(hz, 1000.0) / 1000.0)) * (hz < 4000.0)
    return np.asarray(0.1 * np.fft.irfft(spectrum, n))


def level_db(spectrum: np.ndarray, low_hz: float, high_hz: float) -> float:
    bins = slice(round(low_hz / BIN_HZ), round(high_hz / BIN_HZ))
    return float(10.0 * np.log10(np.mean(np.abs(spectrum[20:, bins]) ** 2)))


def test_the_level_is_the_predicted_one(rng: np.random.Generator) -> None:
    audio = noise(rng)
    made = added(audio, AsLoud({}))
    below = level_db(stft(SPEC, audio.astype(np.float32)), 2500, 3900)
    assert abs(level_db(made, 4200, 7800) - below) < 1.0
    assert not made[:, : round(4000 / BIN_HZ)].any()


def test_what_was_not_taught_is_not_believed(rng: np.random.Generator) -> None:
    """At twice the rate, where the bins are as wide; nothing above 7.7 kHz was taught."""
    spec = StftSpec(1024)
    audio = np.fft.irfft(np.pad(np.fft.rfft(noise(rng)), (0, 2 * RATE))).astype(np.float32) * 2.0
    power = np.abs(stft(spec, audio, spec.observation)) ** 2
    maker = Highs(LIMIT, spec, 2 * RATE, LouderAbove({}), -highs.LEVEL_DB, 20000.0)
    made = maker.advance(stft(spec, audio), power)
    taught, above = level_db(made, 4200, 6000), level_db(made, 8000, 15000)
    assert -20.0 < above - taught < -8.0


def test_taught_bands_end_where_the_sounds_that_taught_end() -> None:
    assert [n_taught(each) for each in (2000.0, 4000.0, 6500.0, 16000.0)] == [7, 3, 1, 1]
    assert band_edges_above(4000.0)[3] < TOP_HZ < band_edges_above(4000.0)[4]


def test_who_would_be_too_loud_an_octave_down_is_softer(rng: np.random.Generator) -> None:
    """Noise that falls by 24 dB an octave, while as much is predicted as there is below."""
    audio = noise(rng, -24.0)
    made = added(audio, AsLoud({}))
    below = level_db(stft(SPEC, audio.astype(np.float32)), 2500, 3900)
    assert -36.0 < level_db(made[200:], 4200, 5600) - below < -10.0


def test_a_tone_that_is_moved_stays_a_tone() -> None:
    """The octave below goes up by 2 kHz, and the phase goes on from frame to frame."""
    time = np.arange(2 * RATE) / RATE
    audio = 0.3 * np.sin(2.0 * np.pi * 3000.0 * time)
    made = istft(SPEC, added(audio, AsLoud({})), len(audio))[RATE // 2 : 3 * RATE // 2]
    power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
    tones = np.arange(len(power)) * RATE / len(made)
    near = np.abs(((tones - 5000.0 + 1000.0) % 2000.0) - 1000.0) < 4.0
    assert power[near].sum() > 0.9 * power.sum()


def test_the_slope_of_a_filter_is_not_filled_twice(rng: np.random.Generator) -> None:
    """Where all is there already, nothing is added."""
    audio = 0.1 * rng.standard_normal(2 * RATE)
    made = added(audio, HighsPredictor(educated_predictor().weights))
    whole = stft(SPEC, audio.astype(np.float32))
    assert level_db(made, 4200, 7800) < level_db(whole, 4200, 7800) - 8.0


def test_nothing_is_made_up_from_silence() -> None:
    assert not added(np.zeros(RATE), educated_predictor()).any()
