"""Prediction without torch against the network in torch."""

from __future__ import annotations

import numpy as np
import torch
from band_networks import random_network, random_weights

from dap_stream.models.band.features import N_FEATURES
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS
from dap_stream.models.band.predictor import BandPredictor


def test_prediction_equals_that_of_torch(rng):
    features = rng.standard_normal((50, N_FEATURES)).astype(np.float32)
    predictor = BandPredictor(random_weights(3))
    state = predictor.new_state()
    ours = np.concatenate((predictor.logits(features[:20], state), predictor.logits(features[20:], state)))
    theirs, after = random_network(3)(torch.from_numpy(features)[:, None])
    np.testing.assert_allclose(ours, theirs.numpy().reshape(50, -1), rtol=0, atol=1e-5)
    np.testing.assert_allclose(state.recurrent, after[:, 0].numpy(), rtol=0, atol=1e-5)
    assert ours.shape == (50, len(LOOKAHEADS) * N_OUTPUTS) and ours.std() > 0.01


def test_torch_goes_on_from_its_state(rng):
    features = torch.from_numpy(rng.standard_normal((30, 2, N_FEATURES)).astype(np.float32))
    network = random_network()
    whole, _ = network(features)
    first, state = network(features[:11])
    second, _ = network(features[11:], state)
    for i, late in enumerate(LOOKAHEADS):  # what came before a call is not looked at late
        np.testing.assert_allclose(first[:, :, i], whole[:11, :, i], rtol=0, atol=1e-6)
        np.testing.assert_allclose(second[late:, :, i], whole[11 + late :, :, i], rtol=0, atol=1e-6)


def test_each_part_of_the_network_takes_part(rng):
    """A weight that the prediction forgot would change nothing."""
    features = rng.standard_normal((10, N_FEATURES)).astype(np.float32)
    weights = random_weights()
    plain = BandPredictor(weights)
    expected = plain.logits(features, plain.new_state())
    for name in weights:
        other = weights[name] + 0.1 * rng.standard_normal(weights[name].shape).astype(np.float32)
        changed = BandPredictor({**weights, name: other})
        assert np.abs(changed.logits(features, changed.new_state()) - expected).max() > 1e-3, name


def test_prediction_leaves_features_and_weights_alone(rng):
    features = rng.standard_normal((10, N_FEATURES)).astype(np.float32)
    features.flags.writeable = False
    weights = random_weights()
    for value in weights.values():
        value.flags.writeable = False
    predictor = BandPredictor(weights)
    predictor.logits(features, predictor.new_state())
