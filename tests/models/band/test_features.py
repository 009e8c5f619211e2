"""The band features: what they do not depend on, and what they are in sounds of known shape."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from band_networks import hum_and_hiss, observed
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.bands import N_BANDS, Bands, band_centres_hz
from dap_stream.dsp.features import TINY
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.feature_kernels import HARMONICITY, N_PER_BAND
from dap_stream.models.band.features import N_FEATURES, N_SHARED, TAUGHT_HOP_S, BandFeatures


def make_features(sample_rate=16_000, window_ms=48.0, keeps_voice=True):
    spec = StftSpec.for_rate(sample_rate, window_ms)
    bands = Bands.for_stft(spec.n_fft, sample_rate)
    return BandFeatures(bands, spec.n_fft, sample_rate, spec.hop / sample_rate, keeps_voice)


def by_band(features):
    """``[frames, features per band, bands]``."""
    return features[:, :-N_SHARED].reshape(len(features), N_PER_BAND, N_BANDS)


FRAMES = observed(hum_and_hiss(16_000, 1.0), 16_000, 48.0)


@given(cuts=st.sets(st.integers(1, len(FRAMES) - 1), max_size=6))
@settings(max_examples=20, deadline=None)
def test_features_do_not_depend_on_how_frames_come_in_blocks(cuts):
    whole = make_features().advance(FRAMES)
    features, edges = make_features(), [0, *sorted(cuts), len(FRAMES)]
    pieces = [features.advance(FRAMES[begin:end]) for begin, end in itertools.pairwise(edges)]
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-5)


def test_reset_begins_anew():
    features = make_features()
    first = features.advance(FRAMES)
    assert np.abs(features.advance(FRAMES) - first).max() > 0.1
    features.reset()
    np.testing.assert_array_equal(features.advance(FRAMES), first)


@pytest.mark.parametrize("gain_db", [-40.0, 40.0])
def test_features_do_not_depend_on_the_level(gain_db):
    audio = hum_and_hiss(16_000, 1.0)
    loud = audio * np.float32(10.0 ** (gain_db / 20.0))
    plain, changed = (make_features().advance(observed(sound, 16_000, 48.0)) for sound in (audio, loud))
    np.testing.assert_allclose(changed, plain, rtol=0, atol=2e-3)  # logs of up to 40, in 24 bits


@pytest.mark.parametrize("window_ms", [32.0, 48.0])
def test_features_do_not_depend_on_the_sample_rate(window_ms):
    low, high = (
        by_band(make_features(rate, window_ms).advance(observed(hum_and_hiss(rate, 2.0), rate, window_ms)))
        for rate in (16_000, 48_000)
    )
    is_below = band_centres_hz() < 7000.0
    difference = np.abs(high - low)[:, :, is_below]
    others = [i for i in range(N_PER_BAND) if i != HARMONICITY]
    assert difference[:, others].max() < 0.03
    # Where two pitches are as likely, one bin more or less may choose between them.
    of_frame = difference[:, HARMONICITY].max(axis=1)
    assert np.median(of_frame) < 0.1 and (of_frame > 0.5).mean() < 0.08


def test_bands_that_a_low_rate_does_not_have_are_zero():
    features = make_features(8_000).advance(observed(hum_and_hiss(48_000, 1.0)[::6], 8_000, 48.0))
    n_present = int((band_centres_hz() < 4000.0).sum())
    assert not by_band(features)[:, :, n_present:].any()
    assert by_band(features)[:, :, :n_present].any(axis=0).any(axis=0).all()


@given(
    sample_rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 96_000, 384_000]),
    window_ms=st.floats(4.0, 128.0),
    sound=st.sampled_from(["silence", "constant", "click", "noise"]),
    n_frames=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_features_are_numbers_whatever_is_heard(sample_rate, window_ms, sound, n_frames):
    spec = StftSpec.for_rate(sample_rate, window_ms)
    audio = np.zeros(spec.n_fft + 5 * spec.hop, np.float32)
    if sound == "constant":
        audio[:] = 1.0
    elif sound == "click":
        audio[spec.n_fft // 2] = 1.0
    elif sound == "noise":
        audio[:] = np.random.default_rng(0).uniform(-1.0, 1.0, len(audio))
    features = make_features(sample_rate, window_ms).advance(
        observed(audio, sample_rate, window_ms)[:n_frames]
    )
    assert features.shape == (n_frames, N_FEATURES) and features.dtype == np.float32
    assert np.isfinite(features).all() and np.abs(features).max(initial=0.0) < 10.0


def test_digital_silence_says_nothing_and_changes_nothing():
    silence = np.full((9, FRAMES.shape[1]), np.log(TINY), np.float32)
    with_gap = make_features().advance(np.concatenate((FRAMES[:30], silence, FRAMES[30:])))
    without = make_features().advance(FRAMES)
    assert not with_gap[30:39, : -N_SHARED + 1].any()
    np.testing.assert_allclose(np.delete(with_gap, range(30, 39), axis=0), without, rtol=0, atol=1e-6)


def test_shared_features_are_what_they_say():
    features = make_features(keeps_voice=True).advance(FRAMES)
    hop_s = 0.012
    np.testing.assert_allclose(features[:, -3], np.log2(hop_s / TAUGHT_HOP_S), atol=1e-6)
    heard_s = hop_s * np.arange(1, len(FRAMES) + 1)
    np.testing.assert_allclose(features[:, -2], np.exp(-heard_s), atol=1e-5)
    assert (features[:, -1] == 1.0).all()
    other = make_features(keeps_voice=False).advance(FRAMES)
    np.testing.assert_array_equal(other[:, :-1], features[:, :-1])
    assert not other[:, -1].any()


def test_a_pitch_is_heard_in_harmonics_and_not_in_noise(rng):
    t = np.arange(16_000) / 16_000
    voiced = np.sin(2.0 * np.pi * 180.0 * np.arange(1, 22)[:, None] * t).sum(axis=0).astype(np.float32)
    noise = rng.standard_normal(16_000).astype(np.float32)
    heard, missing = (make_features().advance(observed(sound, 16_000, 48.0)) for sound in (voiced, noise))
    assert heard[:, -4].min() > 1.5 * missing[:, -4].max()
    has_harmonics = (band_centres_hz() > 150.0) & (band_centres_hz() < 3500.0)
    loud, faint = (by_band(each)[:, HARMONICITY, has_harmonics].mean() for each in (heard, missing))
    assert loud > 2.0 * faint
