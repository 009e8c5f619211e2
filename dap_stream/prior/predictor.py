"""The `context` network with the weights of one moment, for one frame at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream import kernels
from dap_stream.kernels import F32
from dap_stream.prior.predict import Matrix
from dap_stream.prior.surroundings import BEFORE, Surroundings, View


@dataclass(frozen=True)
class Predictor:
    """Never changes, so that a thread may use it while another one goes on learning."""

    seen: View
    matrices: tuple[Matrix, Matrix, Matrix]

    def __call__(self, log_power: F32) -> F32:
        """Log expected power ``[bins]`` of frame `BEFORE` of whitened ``[BEFORE + 1 + later, bins]``."""
        coarse = Surroundings(log_power, self.seen).predicted(np.array([BEFORE]), self.matrices)
        out = np.empty((1, log_power.shape[1]), np.float32)
        kernels.interpolate(coarse, out)
        return np.asarray(out[0], np.float32)
