"""Lessons: each depends on the seed and its number alone, and tells the truth about its sum."""

from __future__ import annotations

import numpy as np
import pytest
from small_education import SHARE, SMALL

from dap_stream.dsp.bands import N_BANDS, band_centres_hz
from dap_stream.education.bank import make_shelf
from dap_stream.education.kinds import GROUPS
from dap_stream.education.mixtures import Mixer
from dap_stream.models.band.features import N_FEATURES


@pytest.fixture(scope="module")
def shelves(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for module, values in SMALL.items():
            for name, value in values.items():
                patch.setattr(module, name, value)
        folder = tmp_path_factory.mktemp("bank")
        return {name: make_shelf(folder, name, 1, SHARE, 1, lambda what, part: None) for name in GROUPS}


@pytest.fixture
def mixer(shelves, monkeypatch):
    for module, values in SMALL.items():
        for name, value in values.items():
            monkeypatch.setattr(module, name, value)
    return Mixer(shelves, 1)


def arrays(batch):
    return batch.features, batch.noise_share, batch.weight, batch.has_voice


def test_a_batch_depends_on_seed_and_number_alone(mixer, shelves):
    first = arrays(mixer.batch(3))
    mixer.batch(9)
    for again in (mixer.batch(3), Mixer(shelves, 1).batch(3)):
        for ours, theirs in zip(first, arrays(again), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    for other in (mixer.batch(4), Mixer(shelves, 2).batch(3)):
        assert other.features.shape != first[0].shape or (other.features != first[0]).any()


def test_batches_are_numbers_in_their_range(mixer):
    for number in range(8):
        batch = mixer.batch(number)
        n_frames, n_sounds, n_features = batch.features.shape
        assert n_sounds == 2 and n_features == N_FEATURES
        assert batch.noise_share.shape == batch.weight.shape == (n_frames, n_sounds, N_BANDS)
        assert batch.has_voice.shape == (n_frames, n_sounds)
        for array in arrays(batch):
            assert array.dtype == np.float32 and np.isfinite(array).all()
        assert batch.noise_share.min() >= 0.0 and batch.noise_share.max() <= 1.0
        assert set(np.unique(batch.weight)) <= {0.0, 1.0} and set(np.unique(batch.has_voice)) <= {0.0, 1.0}
        assert batch.weight.any()


def test_window_and_shape_may_be_given(mixer):
    batch = mixer.batch(0, 32.0, (3, 0.5))
    assert batch.features.shape == ((8_000 - 512) // 128 + 1, 3, N_FEATURES)


@pytest.mark.parametrize(("loud", "share"), [("wanted", 0.0), ("noise", 1.0)])
def test_the_share_of_noise_is_that_of_the_noise(mixer, monkeypatch, rng, loud, share):
    """Where one of the two is 80 dB above the other it has all of the energy."""
    from dap_stream.education.mixtures import Mixture

    quiet, high = (rng.standard_normal(16_000).astype(np.float32) * level for level in (1e-5, 0.1))
    made = Mixture(high, quiet, True, True) if loud == "wanted" else Mixture(quiet, high, True, True)
    monkeypatch.setattr(mixer, "mixture", lambda rng, n_samples: made)
    np.testing.assert_allclose(mixer.batch(0, 48.0).noise_share, share, atol=1e-3)


def test_the_share_of_noise_is_that_of_each_band(mixer, monkeypatch):
    """A low hum is wanted, a high one is not."""
    from dap_stream.education.mixtures import Mixture

    t = np.arange(16_000) / 16_000
    low, high = (0.1 * np.sin(2.0 * np.pi * f * t).astype(np.float32) for f in (300.0, 4000.0))
    monkeypatch.setattr(mixer, "mixture", lambda rng, n_samples: Mixture(low, high, True, False))
    share = mixer.batch(0, 48.0).noise_share
    centres = band_centres_hz()
    assert share[..., np.abs(centres - 300.0).argmin()].max() < 0.01
    assert share[..., np.abs(centres - 4000.0).argmin()].min() > 0.99


def test_mixtures_have_the_length_and_are_mixed_within_bounds(mixer):
    kinds = set()
    for seed in range(40):
        mixture = mixer.mixture(np.random.default_rng(seed), 8_000)
        assert mixture.wanted.shape == mixture.noise.shape == (8_000,)
        assert mixture.wanted.dtype == mixture.noise.dtype == np.float32
        assert np.isfinite(mixture.wanted).all() and np.isfinite(mixture.noise).all()
        kinds.add((mixture.keeps_voice, mixture.has_voice))
    assert (False, False) in kinds and (True, True) in kinds and (False, True) in kinds
