"""Weights of a network to plain arrays and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dap_stream.core.array_types import F32
from dap_stream.models.weight_check import check_weights


def exported(network: torch.nn.Module) -> dict[str, F32]:
    """Copies of all weights by name."""
    return {name: value.cpu().numpy().copy() for name, value in network.state_dict().items()}


def imported(
    weights: Mapping[str, npt.NDArray[np.generic]], network: torch.nn.Module, name: str
) -> dict[str, Any]:
    """State for ``network.load_state_dict``; ProfileError unless all is there, of its shape and finite."""
    check_weights(weights, exported(network), name)
    return {key: torch.from_numpy(np.array(value, np.float32)) for key, value in weights.items()}
