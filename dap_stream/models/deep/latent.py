"""Input of a deep prior: noise indexed by absolute time, which a stream may fit along with the weights.

Two blocks of one recording that overlap get the same input where they overlap, whatever lies around
them; that is what lets the weights of one block go on with the next.
"""

from __future__ import annotations

import numpy as np
import torch

from dap_stream.core.array_types import F32
from dap_stream.models.training import Adam, averaging


def noise(seed: int, first: int, n_columns: int, n_rows: int, n_channels: int) -> F32:
    """Uniform noise in -1..1, ``[channels, columns, rows]``, for columns ``first`` and following.

    ``first`` may be negative. Each column has a generator of its own, seeded by its index, and its
    rows come in order, so that a wider spectrum only adds to it.
    """
    columns = [
        np.random.default_rng((seed, 2 * abs(column) + (column < 0)))
        .uniform(-1.0, 1.0, (n_rows, n_channels))
        .T.astype(np.float32)
        for column in range(first, first + n_columns)
    ]
    return np.stack(columns, axis=1)


class Latent:
    """The noise of ``n_channels``, in which the columns fitted lately stand as they were left."""

    def __init__(self, seed: int, n_channels: int, scale: float) -> None:
        self._seed, self._n_channels, self._scale = seed, n_channels, scale
        self.fitted: dict[int, torch.Tensor] = {}

    def columns(self, first: int, n_columns: int, n_rows: int) -> torch.Tensor:
        """A new tensor ``[1, channels, columns, rows]``."""
        made = noise(self._seed, first, n_columns, n_rows, self._n_channels) * np.float32(self._scale)
        out = torch.from_numpy(made)[None]
        for i in range(n_columns):
            if first + i in self.fitted:
                out[0, :, i] = self.fitted[first + i]
        return out.contiguous(memory_format=torch.channels_last)

    def keep(self, first: int, columns: torch.Tensor) -> None:
        """These are fitted; what lies before them is forgotten, so that it does not grow."""
        self.fitted = {first + i: columns[0, :, i].cpu().clone() for i in range(columns.shape[2])}


class LatentFit:
    """Adam on the columns of one block, and the mean of what it finds."""

    def __init__(self, columns: torch.Tensor, learning_rate: float) -> None:
        self.columns = columns.requires_grad_(True)
        self.mean = columns.detach().clone()
        self._learning_rate, self._adam = learning_rate, Adam([self.columns])
        self._n_steps = 0

    def step(self) -> None:
        """Follow the gradient that a step of the weights has left behind."""
        self._adam.step(self._learning_rate)
        self.columns.grad = None
        self._n_steps += 1
        self.mean.lerp_(self.columns.detach(), 1.0 - averaging(self._n_steps))
