"""Each kernel of the band features against its plain twin."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.core.array_types import F32, I64
from dap_stream.dsp.bands import N_BANDS, Bands
from dap_stream.models.band import feature_kernels, reference

SEEDS = st.integers(0, 99)
N_BINS = 97


def make_edges(sample_rate: int = 16_000) -> tuple[I64, I64, F32]:
    """First bin, count of bins and weights of each band."""
    bands = Bands.for_stft(2 * (N_BINS - 1), sample_rate)
    return bands.first, bands.count, bands.weights


@given(seed=SEEDS, sample_rate=st.sampled_from([8_000, 16_000, 48_000]))
@settings(max_examples=20, deadline=None)
def test_energies_and_means_equal_their_twins(seed, sample_rate):
    rng = np.random.default_rng(seed)
    log_power = rng.uniform(-40.0, 10.0, (6, N_BINS)).astype(np.float32)
    edges = make_edges(sample_rate)
    fast, slow = np.full((2, 3, 6, N_BANDS), 7.0, np.float32)
    feature_kernels.band_energies(log_power, *edges, fast[0], fast[1])
    reference.band_energies(log_power, *edges, slow[0], slow[1])
    power = np.exp(log_power)
    feature_kernels.band_means(power, *edges, fast[2])
    reference.band_means(power, *edges, slow[2])
    np.testing.assert_allclose(fast[:2], slow[:2], rtol=0, atol=1e-4)  # logs of up to 40, in 24 bits
    np.testing.assert_allclose(fast[2], slow[2], rtol=1e-4)


def test_energy_of_a_flat_spectrum_is_that_of_a_bin_and_has_no_tonality():
    flat = np.full((2, N_BINS), -3.0, np.float32)
    log_energy, tonality = np.empty((2, 2, N_BANDS), np.float32)
    feature_kernels.band_energies(flat, *make_edges(), log_energy, tonality)
    np.testing.assert_allclose(log_energy, -3.0, atol=1e-5)
    np.testing.assert_allclose(tonality, 0.0, atol=1e-5)


@given(half=st.integers(2, 120), seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_fine_structure_equals_its_twin(half, seed):
    log_power = np.random.default_rng(seed).uniform(-40.0, 10.0, (5, N_BINS)).astype(np.float32)
    fast, slow = np.empty((2, 5, N_BINS), np.float32)
    feature_kernels.fine_structure(log_power, half, fast)
    reference.fine_structure(log_power, half, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-4)


@given(seed=SEEDS, shortest=st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_harmonicity_equals_its_twin(seed, shortest):
    rng = np.random.default_rng(seed)
    fine = rng.standard_normal((8, N_BINS)).astype(np.float32)
    correlation = rng.standard_normal((8, 45)).astype(np.float32)
    correlation[0] = -1.0  # no peak above 0
    correlation[1] = np.linspace(1.0, 0.0, 45)  # none at all
    most = rng.uniform(0.5, 4.0, 8).astype(np.float32)
    fast, slow = np.full((2, 8, N_BANDS + 1), 7.0, np.float32)
    for kernels, out in ((feature_kernels, fast), (reference, slow)):
        kernels.harmonicity(
            fine, correlation, most, shortest, *make_edges(), out[:, :N_BANDS], out[:, N_BANDS]
        )
    np.testing.assert_allclose(fast, slow, rtol=0, atol=1e-3)  # cosines of up to 140 turns in 24 bits
    assert not fast[:2].any()


def test_a_comb_fits_its_own_pitch():
    """Peaks every 8th of 96 bins are the cosine of a lag of 24, and the correlation says so."""
    bins = np.arange(N_BINS)
    fine = np.cos(2.0 * np.pi * bins / 8.0).astype(np.float32)[None]
    correlation = np.fft.irfft(fine[0])[:40].astype(np.float32)[None]
    out, strength, most = np.empty((1, N_BANDS), np.float32), np.empty(1, np.float32), np.ones(1, np.float32)
    feature_kernels.harmonicity(fine, correlation, most, 10, *make_edges(), out, strength)
    is_wide = make_edges()[1] >= 3
    assert out[:, is_wide].min() > 0.7  # a cosine times itself over its size: 1 / sqrt(2) at least
    feature_kernels.harmonicity(-fine, correlation, most, 10, *make_edges(), out, strength)
    assert out[:, is_wide].max() < -0.7


@given(seed=SEEDS, hop_s=st.sampled_from([0.005, 0.012, 0.03]), cut=st.integers(0, 60))
@settings(max_examples=20, deadline=None)
def test_tracking_equals_its_twin_in_one_piece_and_in_two(seed, hop_s, cut):
    rng = np.random.default_rng(seed)
    log_energy = (np.cumsum(rng.standard_normal((60, 9)), axis=0) - 5.0).astype(np.float32)
    is_active = rng.uniform(size=60) < 0.8
    results = []
    for kernels, cuts in ((feature_kernels, (0, 60)), (feature_kernels, (0, cut, 60)), (reference, (0, 60))):
        floor, before, totals = (np.zeros(n, np.float32) for n in (9, 9, 2))
        out = np.full((3, 60, 9), 7.0, np.float32)
        for begin, end in itertools.pairwise(cuts):
            part = slice(begin, end)
            state = (floor, before, totals)
            kernels.track(log_energy[part], is_active[part], hop_s, *state, *(a[part] for a in out))
        results.append((out, floor, before, totals))
    whole, pieces, twin = results
    for a, b, c in zip(whole, pieces, twin, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, rtol=0, atol=2e-4)  # 60 steps of 24 bits at up to 20 nats
    assert not whole[0][:, ~is_active].any()


def test_the_floor_becomes_a_low_quantile():
    """In the long run 15 frames of 100 lie below it, however the levels are spread."""
    energy = np.random.default_rng(3).exponential(2.0, (20_000, 3)).astype(np.float32)
    floor, before, totals = (np.zeros(n, np.float32) for n in (3, 3, 2))
    out = np.empty((3, 20_000, 3), np.float32)
    is_active = np.ones(20_000, bool)
    feature_kernels.track(energy, is_active, 0.012, floor, before, totals, *out)
    share = (out[0, 2_000:] < 0.0).mean(axis=0)
    np.testing.assert_allclose(share, 0.15, atol=0.02)
