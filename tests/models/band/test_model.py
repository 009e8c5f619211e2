"""The weights of one recording: as taught, as loaded, and back to the start."""

from __future__ import annotations

import numpy as np
import pytest
from band_networks import random_weights

from dap_stream.errors import ProfileError
from dap_stream.models.band import model as model_module
from dap_stream.models.band.model import BandModel
from dap_stream.models.band.predictor import BandPredictor


@pytest.fixture(autouse=True)
def _untaught(monkeypatch):
    monkeypatch.setattr(model_module, "educated_weights", lambda: random_weights(1))


def assert_equal(weights, expected):
    assert list(weights) == list(expected)
    for name, value in weights.items():
        np.testing.assert_array_equal(value, expected[name])


def test_it_starts_from_what_was_taught_and_goes_back_there():
    model = BandModel("auto")
    assert_equal(model.weights(), random_weights(1))
    model.predictor = BandPredictor(random_weights(2))  # as after a fit
    assert_equal(model.weights(), random_weights(2))
    model.reset()
    assert_equal(model.weights(), random_weights(1))


def test_it_goes_back_to_what_it_was_given_and_keeps_a_copy():
    model, given = BandModel("auto"), random_weights(3)
    model.load(given)
    next(iter(given.values()))[:] = 0.0
    assert_equal(model.weights(), random_weights(3))
    model.predictor = BandPredictor(random_weights(2))
    model.reset()
    assert_equal(model.weights(), random_weights(3))


@pytest.mark.parametrize("damage", ["missing", "more", "shape", "nan"])
def test_weights_of_something_else_are_refused(damage):
    model, weights = BandModel("auto"), random_weights(3)
    if damage == "missing":
        del weights["norm.bias"]
    elif damage == "more":
        weights["other"] = np.zeros(3, np.float32)
    else:
        weights["norm.bias"] = np.zeros(3, np.float32) if damage == "shape" else weights["norm.bias"] * np.nan
    with pytest.raises(ProfileError, match="do not fit the band network; learn a new profile"):
        model.load(weights)
    assert_equal(model.weights(), random_weights(1))
