"""The gain of bands joined with that of bins: against its plain twin, and within its limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.dsp.bands import N_BANDS, Bands
from dap_stream.models.band import fusion_kernels, reference

POSITION = Bands.for_stft(512, 16_000).position


@given(weight=st.sampled_from([0.0, 0.3, 0.5, 1.0]), least=st.floats(0.0, 1.0), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_fusion_equals_its_twin_and_keeps_its_limits(weight, least, seed):
    rng = np.random.default_rng(seed)
    fast = rng.uniform(least, 1.0, (4, len(POSITION))).astype(np.float32)
    slow = fast.copy()
    band_gain = rng.uniform(0.0, 1.0, (4, N_BANDS)).astype(np.float32)
    fusion_kernels.fuse(fast, band_gain, POSITION, N_BANDS, weight, 0.4, least)
    reference.fuse(slow, band_gain, POSITION, N_BANDS, weight, 0.4, least)
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-5)
    assert fast.min() >= least - 1e-6 and fast.max() <= 1.0 + 1e-6


@pytest.mark.parametrize("weight", [0.25, 0.5])
def test_equal_gains_stay_as_they_are(weight):
    gain = np.full((2, len(POSITION)), 0.3, np.float32)
    fusion_kernels.fuse(gain, np.full((2, N_BANDS), 0.3, np.float32), POSITION, N_BANDS, weight, weight, 0.1)
    np.testing.assert_allclose(gain, 0.3, rtol=1e-6)


def test_weight_is_that_of_the_bands_where_theirs_is_the_smaller_gain_else_the_other():
    for fine, coarse, weight, expected in (
        (1.0, 0.25, 0.0, 1.0),
        (1.0, 0.25, 0.5, 0.5),
        (1.0, 0.25, 1.0, 0.25),
        (0.25, 1.0, 0.0, 0.5),
        (0.25, 1.0, 1.0, 0.5),
    ):
        gain = np.full((1, len(POSITION)), fine, np.float32)
        band_gain = np.full((1, N_BANDS), coarse, np.float32)
        fusion_kernels.fuse(gain, band_gain, POSITION, N_BANDS, weight, 0.5, 0.0)
        np.testing.assert_allclose(gain, expected, rtol=1e-6)
