"""Bands on the ERB scale: means over bins, straight lines between bands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.bands import HIGHEST_HZ, LOWEST_HZ, N_BANDS, Bands, band_centres_hz, erb_number
from dap_stream.dsp.stft import StftSpec

ANY_STFT = {
    "sample_rate": st.sampled_from([8_000, 11_025]) | st.integers(8_000, 384_000),
    "window_ms": st.floats(4.0, 128.0),
}


def test_centres_are_equally_far_apart_on_the_scale_of_the_ear():
    centres = band_centres_hz()
    assert centres[0] == pytest.approx(LOWEST_HZ) and centres[-1] == pytest.approx(HIGHEST_HZ)
    steps = np.diff(erb_number(centres))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    # An ERB at 1 kHz is 24.7 (4.37 + 1) = 132.6 Hz wide (Glasberg & Moore 1990, eq. 3).
    low, high = erb_number(np.array([1000.0 - 66.3, 1000.0 + 66.3]))
    assert high - low == pytest.approx(1.0, abs=0.01)


@given(**ANY_STFT)
@settings(max_examples=60, deadline=None)
def test_rows_are_means_and_every_band_below_half_the_rate_has_bins(sample_rate, window_ms):
    spec = StftSpec.for_rate(sample_rate, window_ms)
    bands = Bands.for_stft(spec.n_fft, sample_rate)
    assert np.isfinite(bands.weights).all() and bands.weights.min() >= 0.0
    is_present = band_centres_hz() < sample_rate / 2
    np.testing.assert_allclose(bands.weights.sum(axis=1), is_present, atol=1e-6)
    assert bands.n_present == is_present.sum()
    assert bands.first.min() >= 0 and bands.count.min() >= 1
    assert bands.n_bins <= spec.n_bins
    for weights, count in zip(bands.weights, bands.count, strict=True):
        assert not weights[count:].any()
    assert bands.position.shape == (spec.n_bins,) and np.isfinite(bands.position).all()
    assert bands.position.min() >= 0.0 and bands.position.max() <= N_BANDS - 1
    assert (np.diff(bands.position) >= 0.0).all()


@given(**ANY_STFT)
@settings(max_examples=60, deadline=None)
def test_a_bin_is_in_the_bands_around_it(sample_rate, window_ms):
    """The mean of the bins' frequencies in a band is its centre, to the width of a bin and of the band."""
    spec = StftSpec.for_rate(sample_rate, window_ms)
    bands = Bands.for_stft(spec.n_fft, sample_rate)
    centres = band_centres_hz()
    width = sample_rate / spec.n_fft
    for b in range(bands.n_present):
        bins = bands.first[b] + np.arange(bands.count[b])
        mean = float(bins @ bands.weights[b, : bands.count[b]]) * width
        apart = centres[min(b + 1, N_BANDS - 1)] - centres[max(b - 1, 0)]
        assert abs(mean - centres[b]) <= width + apart


@given(**ANY_STFT, value=st.floats(-10.0, 10.0, width=32))
@settings(max_examples=60, deadline=None)
def test_the_spread_of_a_constant_is_that_constant(sample_rate, window_ms, value):
    spec = StftSpec.for_rate(sample_rate, window_ms)
    bands = Bands.for_stft(spec.n_fft, sample_rate)
    values = np.full((3, N_BANDS), value, np.float32)
    values[:, bands.n_present :] = 99.0  # of bands that are not there nothing is taken
    np.testing.assert_allclose(bands.spread(values), value, rtol=1e-6, atol=1e-6)
    assert bands.spread(values).shape == (3, spec.n_bins)


def test_shares_of_the_bands_in_a_bin_add_up_to_one():
    """Each band spread alone is a triangle; together they are 1 everywhere, with the peak at the centre."""
    bands = Bands.for_stft(4096, 16_000)
    each = bands.spread(np.eye(N_BANDS, dtype=np.float32))
    np.testing.assert_allclose(each.sum(axis=0), 1.0, atol=1e-6)
    width = 16_000 / 4096
    inner = slice(1, N_BANDS - 1)
    np.testing.assert_allclose(each.argmax(axis=1)[inner] * width, band_centres_hz()[inner], atol=width)


def test_means_of_finely_cut_bands_are_those_of_the_triangles():
    bands = Bands.for_stft(16_384, 16_000)
    width = 16_000 / 16_384
    centres = band_centres_hz()
    for b in (5, 20, 33):
        frequency = (bands.first[b] + np.arange(bands.count[b])) * width
        triangle = np.interp(frequency, centres[b - 1 : b + 2], (0.0, 1.0, 0.0))
        np.testing.assert_allclose(
            bands.weights[b, : bands.count[b]],
            triangle / triangle.sum(),
            atol=0.02 * triangle.max() / len(frequency) + 2e-3,
        )


@pytest.mark.parametrize("sample_rate", [8_000, 11_025, 12_000])
def test_above_the_last_band_that_is_there_it_goes_on(sample_rate):
    bands = Bands.for_stft(StftSpec.for_rate(sample_rate, 48.0).n_fft, sample_rate)
    spread = bands.spread(np.arange(N_BANDS, dtype=np.float32))
    assert bands.n_present < N_BANDS
    np.testing.assert_allclose(spread, np.minimum(bands.position, bands.n_present - 1), atol=1e-5)
