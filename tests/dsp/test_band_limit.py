"""A limit is found where a filter cut the sound off, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, chirp, firwin, oaconvolve, sosfilt

from dap_stream.dsp.band_limit import BandLimit, SpectrumSums
from dap_stream.dsp.stft import StftSpec, stft

SECONDS = 3.0


def spectra(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float]:
    spec = StftSpec.for_rate(sample_rate, 32.0)
    spectrum = stft(spec, audio.astype(np.float32), spec.observation)
    return np.abs(spectrum).astype(np.float64) ** 2, sample_rate / spec.n_fft


def limit_of(audio: np.ndarray, sample_rate: int) -> BandLimit | None:
    power, bin_hz = spectra(audio, sample_rate)
    sums = SpectrumSums(power.shape[1])
    sums.add(power)
    return sums.limit(bin_hz)


def sound(rng: np.random.Generator, sample_rate: int, slope: float = -0.5) -> np.ndarray:
    """Noise with syllables and pauses, whose spectrum falls with ``slope`` as a power of frequency."""
    n = round(SECONDS * sample_rate)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= (np.fft.rfftfreq(n, 1.0 / sample_rate) + 50.0) ** slope
    audio = np.fft.irfft(spectrum, n)
    syllables = 0.03 + np.clip(np.sin(2.0 * np.pi * 2.5 * np.arange(n) / sample_rate), 0.0, None)
    audio *= syllables
    return np.asarray(0.5 * audio / np.abs(audio).max())


def cut(audio: np.ndarray, sample_rate: int, limit_hz: float) -> np.ndarray:
    taps = firwin(801, 0.96 * limit_hz, width=0.08 * limit_hz, fs=sample_rate)
    return np.asarray(oaconvolve(audio, taps, mode="same"))


def rounded(audio: np.ndarray, bits: int = 16) -> np.ndarray:
    return np.asarray(np.round(audio * 2 ** (bits - 1)) / 2 ** (bits - 1))


@pytest.mark.parametrize(
    ("sample_rate", "limit_hz"),
    [(8000, 2500.0), (16000, 4000.0), (44100, 3400.0), (44100, 11000.0), (48000, 16000.0), (192000, 20000.0)],
)
@pytest.mark.parametrize("gain", [1.0, 1e-4])
def test_a_cut_is_found(rng: np.random.Generator, sample_rate: int, limit_hz: float, gain: float) -> None:
    audio = rounded(cut(sound(rng, sample_rate), sample_rate, limit_hz)) * gain
    found = limit_of(audio, sample_rate)
    assert found is not None
    assert found.passed_hz == pytest.approx(0.94 * limit_hz, rel=0.06)
    assert found.end_hz == pytest.approx(limit_hz, rel=0.06)
    assert found.passed_hz < found.end_hz


@pytest.mark.parametrize("slope", [0.5, 0.0, -1.0, -2.0])
def test_what_is_whole_or_dull_has_no_limit(rng: np.random.Generator, slope: float) -> None:
    assert limit_of(rounded(sound(rng, 44100, slope)), 44100) is None


@pytest.mark.parametrize("order", [1, 2, 4, 8])  # up to 48 dB an octave
@pytest.mark.parametrize("corner_hz", [2500.0, 5000.0, 12000.0])
def test_a_tone_control_is_no_cut(rng: np.random.Generator, order: int, corner_hz: float) -> None:
    filtered = sosfilt(butter(order, corner_hz, fs=44100, output="sos"), sound(rng, 44100))
    assert limit_of(rounded(filtered), 44100) is None


def test_tones_and_their_end_are_no_cut(rng: np.random.Generator) -> None:
    time = np.arange(round(SECONDS * 44100)) / 44100
    for pitch, count in ((440.0, 1), (440.0, 12), (1000.0, 5)):
        tones = sum(np.sin(2.0 * np.pi * pitch * k * time + k) for k in range(1, count + 1))
        for noise in (0.0, 1e-4):
            audio = 0.5 * tones / count + noise * rng.standard_normal(len(time))
            assert limit_of(rounded(audio), 44100) is None


def test_a_bird_that_sweeps_is_no_cut(rng: np.random.Generator) -> None:
    sample_rate = 44100
    n = sample_rate // 5
    note = chirp(np.arange(n) / sample_rate, 2000.0, 0.2, 6000.0) * np.hanning(n)
    audio = np.concatenate([np.concatenate((note, np.zeros(sample_rate // 20))) for _ in range(12)])
    audio = 0.4 * audio + 2e-4 * rng.standard_normal(len(audio))
    assert limit_of(rounded(audio), sample_rate) is None


def test_a_little_that_is_whole_is_enough(rng: np.random.Generator) -> None:
    """Of 3 s 0.1 s has its highs: the recording as a whole is not cut."""
    audio = sound(rng, 44100)
    dull = cut(audio, 44100, 4000.0)
    loudest = int(np.argmax(np.abs(audio)))
    dull[loudest - 2205 : loudest + 2205] = audio[loudest - 2205 : loudest + 2205]
    assert limit_of(rounded(dull), 44100) is None


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_silence_has_no_limit(value: float) -> None:
    assert limit_of(np.full(44100, value), 44100) is None
    assert SpectrumSums(65).limit(100.0) is None


def test_sums_add_up(rng: np.random.Generator) -> None:
    power, bin_hz = spectra(rounded(cut(sound(rng, 16000), 16000, 4000.0)), 16000)
    whole, parts = SpectrumSums(power.shape[1]), SpectrumSums(power.shape[1])
    whole.add(power)
    for begin in range(0, len(power), 37):
        part = SpectrumSums(power.shape[1])
        part.add(power[begin : begin + 37])
        parts += part
    assert parts.n_frames == whole.n_frames and parts.limit(bin_hz) == whole.limit(bin_hz) is not None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_power_at_all_is_looked_at(data: st.DataObject) -> None:
    n_bins = data.draw(st.integers(9, 300))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    low = data.draw(st.integers(-300, 20))
    power = 10.0 ** rng.uniform(low, low + data.draw(st.integers(0, 30)), (5, n_bins))
    power[:, data.draw(st.integers(0, n_bins)) :] *= data.draw(st.sampled_from([0.0, 1e-9, 1.0]))
    sums = SpectrumSums(n_bins)
    sums.add(power)
    found = sums.limit(data.draw(st.floats(1.0, 1000.0)))
    assert found is None or 0.0 < found.passed_hz < found.end_hz
