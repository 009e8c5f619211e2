"""The features and the prediction of the `highs` network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dap_stream.education.highs import HighsNetwork
from dap_stream.errors import ProfileError
from dap_stream.models.highs.features import (
    N_ABOVE,
    N_BELOW,
    N_FEATURES,
    HighsFeatures,
    band_edges_above,
    band_edges_below,
    band_weights,
)
from dap_stream.models.highs.predictor import FOLDER, FORMAT, HighsPredictor, educated_predictor
from dap_stream.models.weight_files import WEIGHTS_NAME, WeightFiles

LIMIT_HZ, N_BINS, BIN_HZ, HOP_S = 4000.0, 257, 31.25, 0.008


def power(rng: np.random.Generator, n_frames: int = 60) -> np.ndarray:
    return rng.exponential(1.0, (n_frames, N_BINS)).astype(np.float32)


def features() -> HighsFeatures:
    return HighsFeatures(LIMIT_HZ, N_BINS, BIN_HZ, HOP_S)


def test_bands_meet_at_the_limit_and_give_means() -> None:
    below, above = band_edges_below(LIMIT_HZ), band_edges_above(LIMIT_HZ)
    assert len(below) == N_BELOW + 1 and len(above) == N_ABOVE + 1
    assert below[-1] == above[0] == LIMIT_HZ and above[-1] == 4 * LIMIT_HZ
    weights = band_weights(np.array([40.0, 50.0, 1000.0, 7000.0]), N_BINS, BIN_HZ)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(weights[2] @ np.arange(N_BINS) * BIN_HZ, 4000.0, rtol=1e-3)


def test_features_do_not_depend_on_the_cut_into_calls(rng: np.random.Generator) -> None:
    audio = power(rng)
    whole, whole_level = features().advance(audio)
    stream = features()
    parts = [stream.advance(audio[begin:end]) for begin, end in ((0, 1), (1, 20), (20, 60))]
    np.testing.assert_allclose(np.concatenate([each[0] for each in parts]), whole, atol=1e-5)
    np.testing.assert_allclose(np.concatenate([each[1] for each in parts]), whole_level, atol=1e-6)
    assert whole.shape == (60, N_FEATURES) and whole.dtype == np.float32


def test_features_do_not_depend_on_the_level_and_the_level_does(rng: np.random.Generator) -> None:
    one, level = features().advance(power(rng))
    other, louder = features().advance(power(np.random.default_rng(20240229)) * np.float32(2.0**20))
    np.testing.assert_allclose(other, one, atol=1e-4)
    np.testing.assert_allclose(louder - level, 20 * np.log(2.0), atol=1e-5)


def test_the_running_mean_is_the_mean_of_what_is_not_silent(rng: np.random.Generator) -> None:
    """With a plain loop beside it."""
    audio = power(rng)
    audio[10:30] = 0.0
    seen, _ = features().advance(audio)
    weights = band_weights(band_edges_below(LIMIT_HZ), N_BINS, BIN_HZ).T
    total, weight, keep = np.zeros(N_BELOW), 0.0, np.exp(-HOP_S / 1.5)
    for t, frame in enumerate(audio):
        total, weight = total * keep, weight * keep
        if frame.any():
            energy = np.log(frame @ weights)
            total, weight = total + energy - energy[-3:].mean(), weight + 1.0
        np.testing.assert_allclose(seen[t, N_BELOW : 2 * N_BELOW], total / weight, atol=1e-4)


def test_silence_is_finite() -> None:
    seen, level = features().advance(np.zeros((5, N_BINS), np.float32))
    assert np.isfinite(seen).all() and np.isfinite(level).all()


def test_the_prediction_is_that_of_torch(rng: np.random.Generator) -> None:
    network = HighsNetwork()
    weights = {name: value.detach().numpy() for name, value in network.named_parameters()}
    seen = rng.standard_normal((7, N_FEATURES)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(seen)).numpy()
    np.testing.assert_allclose(HighsPredictor(weights).levels(seen), expected, atol=1e-5)


def test_the_weights_that_come_along_are_of_this_network_and_of_no_recording() -> None:
    weights, card = WeightFiles(FOLDER, FORMAT).load()
    expected = {name: tuple(value.shape) for name, value in HighsNetwork().named_parameters()}
    assert {name: value.shape for name, value in weights.items()} == expected
    assert all(np.isfinite(value).all() for value in weights.values())
    assert card["recordings"] == 0 and card["on_held_out_sounds"]["error_db"] < 11.0
    assert educated_predictor() is educated_predictor()


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    files = WeightFiles(tmp_path, FORMAT)
    files.save({"a": np.zeros(3, np.float32)}, {"recordings": 0})
    (tmp_path / WEIGHTS_NAME).write_bytes(b"no")
    with pytest.raises(ProfileError, match="is damaged"):
        files.load()
