"""Prediction of the band network without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.models.band import recurrent_kernels
from dap_stream.models.band.layout import LAYERS, LEAK, LEAST_VARIANCE, LOOKAHEADS, N_OUTPUTS, WIDTH


@dataclass
class BandState:
    """State that goes on from call to call: the recurrent layers, and outputs of past frames on their way."""

    recurrent: F32 = field(default_factory=lambda: np.zeros((LAYERS, WIDTH), np.float32))
    own: F32 = field(
        default_factory=lambda: np.zeros((LOOKAHEADS[-1], len(LOOKAHEADS) * N_OUTPUTS), np.float32)
    )


@dataclass(frozen=True)
class BandPredictor:
    """Weights of a `dap_stream.models.band.network.BandNetwork` by name, ready to predict; never changed."""

    weights: Mapping[str, F32]

    def new_state(self) -> BandState:
        """State before the first frame."""
        return BandState()

    def logits(self, features: F32, state: BandState) -> F32:
        """Features of the next frames ``[frames, N_FEATURES]`` to the outputs ``[frames, n]``.

        ``state`` goes on from call to call and is changed.
        """
        w = self.weights
        hidden = features @ w["first.weight"].T + w["first.bias"]
        hidden = np.maximum(hidden, hidden * np.float32(LEAK))
        hidden -= hidden.mean(axis=1, keepdims=True)
        hidden /= np.sqrt(np.square(hidden).mean(axis=1, keepdims=True) + np.float32(LEAST_VARIANCE))
        hidden = hidden * w["norm.weight"] + w["norm.bias"]
        for layer in range(LAYERS):
            name = f"recurrent.{layer}."
            inputs = hidden @ w[name + "weight_ih_l0"].T + w[name + "bias_ih_l0"]
            change = np.empty((len(inputs), WIDTH), np.float32)
            recurrent_kernels.gated_recurrence(
                np.asarray(inputs, np.float32),
                w[name + "weight_hh_l0"],
                w[name + "bias_hh_l0"],
                state.recurrent[layer],
                change,
            )
            hidden = hidden + change
        out = np.asarray(hidden @ w["last.weight"].T + w["last.bias"], np.float32)
        own = np.concatenate((state.own, np.asarray(hidden @ w["own.weight"].T, np.float32)))
        for i, late in enumerate(LOOKAHEADS):
            columns = slice(i * N_OUTPUTS, (i + 1) * N_OUTPUTS)
            begin = len(state.own) - late
            out[:, columns] += own[begin : begin + len(out), columns]
        state.own = own[len(own) - len(state.own) :]
        return out
