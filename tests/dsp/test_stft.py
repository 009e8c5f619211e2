from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.stft import StftSpec, istft, stft
from dap_stream.errors import SettingError


@given(quarter=st.integers(4, 200), n_samples=st.integers(1, 3000), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_a_signal_comes_back_to_minus_120_db(quarter, n_samples, seed):
    spec = StftSpec(4 * quarter)
    audio = np.random.default_rng(seed).uniform(-1, 1, n_samples).astype(np.float32)
    back = istft(spec, stft(spec, audio), n_samples)
    assert back.shape == audio.shape
    np.testing.assert_allclose(back, audio, rtol=0, atol=1e-6)


def test_spectra_equal_scipys(rng):
    spec = StftSpec(64)
    audio = rng.standard_normal(1000).astype(np.float32)
    theirs = scipy.signal.ShortTimeFFT(
        spec.analysis.astype(float), spec.hop, fs=1.0, mfft=64, phase_shift=None
    )
    ours = stft(spec, audio)
    # Their slice p starts at p hop - 32, ours at t hop - 48: both pad with zeros.
    first = theirs.stft(audio, p0=-1, p1=len(ours) - 1).T
    np.testing.assert_allclose(ours, first, rtol=0, atol=2e-5)


@pytest.mark.parametrize("n_fft", [64, 512, 1536])
def test_windows_are_periodic_and_of_unit_energy(n_fft):
    spec = StftSpec(n_fft)
    hann = scipy.signal.get_window("hann", n_fft, fftbins=True)
    np.testing.assert_allclose(spec.observation, hann / np.linalg.norm(hann), rtol=0, atol=1e-7)
    np.testing.assert_allclose(
        spec.analysis, np.sqrt(hann) / np.linalg.norm(np.sqrt(hann)), rtol=0, atol=1e-7
    )
    dual = scipy.signal.ShortTimeFFT(spec.analysis.astype(float), spec.hop, fs=1.0).dual_win
    np.testing.assert_allclose(spec.synthesis, dual, rtol=0, atol=1e-4)


def test_white_noise_has_the_power_of_its_variance(rng):
    spec = StftSpec(256)
    power = np.abs(stft(spec, rng.standard_normal(60000).astype(np.float32), spec.observation)) ** 2
    assert power[8:-8, 2:-2].mean() == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("sample_rate", "n_fft"),
    [(8000, 256), (16000, 512), (44100, 1440), (48000, 1536), (96000, 3072), (384000, 3072)],
)
def test_frames_are_32_ms_up_to_96_khz(sample_rate, n_fft):
    assert StftSpec.for_rate(sample_rate, 32.0).n_fft == n_fft


@pytest.mark.parametrize("sample_rate", [8000, 11025, 22050, 37800, 44100, 192000])
def test_odd_rates_get_frames_that_can_be_inverted(sample_rate):
    spec = StftSpec.for_rate(sample_rate, 32.0)
    assert spec.n_fft % 4 == 0 and abs(spec.n_fft / min(sample_rate, 96000) - 0.032) < 0.002
    assert len(spec.frequencies_hz(sample_rate)) == spec.n_bins


def test_a_frame_that_does_not_divide_is_refused():
    with pytest.raises(SettingError, match="n_fft=510 must be a multiple of 4 and at least 16"):
        StftSpec(510)
