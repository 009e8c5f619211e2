"""Whether weights from elsewhere are those of a network. No torch: a live stream does without it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dap_stream.errors import ProfileError


def check_weights(
    weights: Mapping[str, npt.NDArray[np.generic]], own: Mapping[str, npt.NDArray[np.generic]], name: str
) -> None:
    """ProfileError unless all of the network's ``own`` weights are there, of their shape and finite."""
    expected = {key: value.shape for key, value in own.items()}
    given = {key: value.shape for key, value in weights.items()}
    if given != expected or not all(np.isfinite(value).all() for value in weights.values()):
        raise ProfileError(f"the learned weights do not fit the {name}; learn a new profile")
