"""Prediction of the `highs` network without torch, and the weights that come along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.models.weight_files import WeightFiles

WIDTH = 32  # of both hidden layers
LEAK = 0.1  # slope below 0
FORMAT = "dap_stream highs 1"  # of features, layers and file together
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class HighsPredictor:
    """Weights of a `dap_stream.education.highs.HighsNetwork` by name, ready to predict; never changed."""

    weights: Mapping[str, F32]

    def levels(self, features: F32) -> F32:
        """Mean log power in each band above the limit ``[frames, N_ABOVE]``, relative to that just below."""
        w = self.weights
        hidden = features
        for name in ("first", "second"):
            hidden = hidden @ w[f"{name}.weight"].T + w[f"{name}.bias"]
            hidden = np.maximum(hidden, hidden * np.float32(LEAK))
        return np.asarray(hidden @ w["last.weight"].T + w["last.bias"], np.float32)


@lru_cache(maxsize=1)
def educated_predictor() -> HighsPredictor:
    """With the weights that come with dap_stream, read once."""
    return HighsPredictor(WeightFiles(FOLDER, FORMAT).load()[0])
