"""The `context` network with the weights of one moment, for one frame at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.models.context import mlp_kernels
from dap_stream.models.context.mlp_kernels import Matrix
from dap_stream.models.context.receptive_field import BEFORE, ReceptiveField, Surroundings


@dataclass(frozen=True)
class Snapshot:
    """Never changes, so that a thread may use it while another one goes on learning."""

    field: ReceptiveField
    matrices: tuple[Matrix, Matrix, Matrix]

    def predict(self, log_power: F32) -> F32:
        """Log expected power ``[bins]`` of frame `BEFORE` of whitened ``[BEFORE + 1 + later, bins]``."""
        coarse = Surroundings(log_power, self.field).predicted(np.array([BEFORE]), self.matrices)
        out = np.empty((1, log_power.shape[1]), np.float32)
        mlp_kernels.interpolate(coarse, out)
        return np.asarray(out[0], np.float32)


class SnapshotGenerator(Protocol):
    """A generator that gives snapshots: what a live stream needs."""

    def snapshot(self) -> Snapshot:
        """Predictor with the weights of now, frame by frame."""
