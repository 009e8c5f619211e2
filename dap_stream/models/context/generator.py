"""The `context` generator: the power to expect in a bin, predicted from its surroundings alone.

A blind-spot denoiser (Krull et al. 2019, Noise2Void) of the log power spectrogram. The noise of a bin
is not in its input, so however long it trains it can only learn the conditional expectation, the local
power spectral density.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dap_stream.core import parallel
from dap_stream.core.array_types import F32, I64
from dap_stream.models.base import EULER_GAMMA, IDEAL_LOSS, Block
from dap_stream.models.context import mlp_kernels
from dap_stream.models.context.mlp_kernels import COLUMNS, LEAK, ROWS, Matrix
from dap_stream.models.context.receptive_field import BEFORE, GRID, Surroundings, receptive_field
from dap_stream.models.context.snapshot import Snapshot
from dap_stream.models.device import in_batches, torch_device
from dap_stream.models.seeded import seeded
from dap_stream.models.training import Fitter, on_one_thread
from dap_stream.models.weights import exported, imported

HIDDEN = (32, 32)
LEARNING_RATE = 3e-3
POINTS_PER_STEP = 16384
VALIDATION_POINTS = 8192
UNKNOWN, KNOWN = 1.0, 0.5  # excess of the loss over the ideal at which it is not, is fully trusted


class _Network(nn.Module):
    """``[..., inputs]`` to ``[...]``: a weighted mean of the surroundings and a small correction.

    At the start it is the plain mean, so that a stream begins with a smoother and not with chance.
    """

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.mean = nn.Linear(n_inputs, 1)
        nn.init.constant_(self.mean.weight, 1.0 / n_inputs)
        nn.init.constant_(self.mean.bias, EULER_GAMMA)
        layers: list[nn.Module] = []
        width = n_inputs
        for hidden in HIDDEN:
            layers += [nn.Linear(width, hidden), nn.LeakyReLU(LEAK, inplace=True)]
            width = hidden
        last = nn.Linear(width, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.correction = nn.Sequential(*layers, last)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        expected: torch.Tensor = self.mean(inputs) + self.correction(inputs)
        return expected[..., 0]

    def matrices(self) -> tuple[Matrix, Matrix, Matrix]:
        """The weights as `predict_rows` takes them."""
        first, second, last = (layer for layer in self.correction if isinstance(layer, nn.Linear))
        return _padded(first, self.mean), _padded(second), _padded(last)


def _padded(*layers: nn.Linear) -> Matrix:
    """Layers with the same inputs as one matrix for `dap_stream.models.context.mlp_kernels.dense`."""
    weight = np.concatenate([layer.weight.detach().cpu().numpy() for layer in layers])
    bias = np.concatenate([layer.bias.detach().cpu().numpy() for layer in layers])
    more_rows, more_columns = -len(weight) % ROWS, -weight.shape[1] % COLUMNS
    return np.pad(weight, ((0, more_rows), (0, more_columns))), np.pad(bias, (0, more_rows))


_Examples: TypeAlias = tuple[torch.Tensor, torch.Tensor]


def _loss(network: nn.Module, examples: _Examples) -> torch.Tensor:
    inputs, targets = examples
    return torch.mean((network(inputs) - targets) ** 2)


class ContextGenerator:
    """See the module; keeps the promises of `dap_stream.models.base.Generator`."""

    name = "context"
    before = BEFORE

    def __init__(self, seed: int = 0, device: str = "cpu", lookahead: int = 1) -> None:
        self.after = GRID * lookahead
        self._field = receptive_field(lookahead)
        self._seed = seed
        self._device = torch_device(device)
        self._start: dict[str, Any] | None = None
        self._prepared: Surroundings | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the weights it was made or loaded with, and to the first random number."""
        network = seeded(lambda: _Network(self._field.n_inputs), self._seed)
        if self._start is not None:
            network.load_state_dict(self._start)
        self._fitter = Fitter(network.to(self._device), LEARNING_RATE)
        self._prepared = None
        self._rng = np.random.default_rng(self._seed)

    def _surroundings(self, block: Block) -> Surroundings:
        """Surroundings in the block. A stream validates, learns and predicts the same spectrogram
        in a row: it is prepared once, and must not be written to in between.
        """
        if self._prepared is None or self._prepared.image is not block.log_power:
            self._prepared = Surroundings(block.log_power, self._field)
        return self._prepared

    def _points(self, block: Block, first: int, n_points: int) -> tuple[I64, I64]:
        """Random frames and bins, of active frames from row ``first`` of the block on; none in silence."""
        rows = np.flatnonzero(block.is_active[first : len(block.is_active) - block.after]) + first
        n_bins = block.log_power.shape[1]
        # In their order, so that neighbours in memory are looked at together.
        places = np.sort(self._rng.integers(0, len(rows) * n_bins, n_points if len(rows) else 0))
        return rows[places // n_bins], places % n_bins

    def _examples(self, block: Block, frames: I64, bins: I64) -> _Examples:
        """Inputs and targets of the network at these points."""
        inputs = torch.from_numpy(self._surroundings(block).at(frames, bins)).to(self._device)
        targets = torch.from_numpy(block.log_power[frames, bins] + np.float32(EULER_GAMMA)).to(self._device)
        return inputs, targets

    def validate(self, block: Block) -> float:
        """Loss at random points of the block itself, with the averaged weights; NaN in silence."""
        points = self._points(block, block.before, VALIDATION_POINTS)
        return on_one_thread(self._averaged_loss, self._examples(block, *points))

    @torch.no_grad()
    def _averaged_loss(self, examples: _Examples) -> float:
        return float(_loss(self._fitter.averaged, examples))

    def learn(self, block: Block, n_steps: int, rate: float = 1.0) -> None:
        """Take ``n_steps`` steps at random points of the block and of what it brings along before it."""
        steps = [self._points(block, BEFORE, POINTS_PER_STEP) for _ in range(n_steps)]
        examples = (self._examples(block, *points) for points in steps if len(points[0]))
        with parallel.prefetch(examples) as prepared:
            on_one_thread(self._steps, prepared, rate)  # all at once: each handover takes its time

    def _steps(self, prepared: Iterable[_Examples], rate: float) -> None:
        for examples in prepared:
            self._fitter.step(_loss(self._fitter.network, examples), rate)

    def predict(self, block: Block) -> F32:
        """Natural log of the expected power over the noise floor ``[frames, bins]``.

        It varies slowly: every other frame and bin is predicted, what lies between is interpolated.
        """
        around = self._surroundings(block)
        n_frames, n_bins = block.n_frames, block.log_power.shape[1]
        frames = np.unique(np.append(np.arange(0, n_frames, 2), n_frames - 1)) + block.before
        network = cast(_Network, self._fitter.averaged)
        if self._device.type == "cpu":
            matrices = network.matrices()
            parts = np.array_split(frames, parallel.n_cores())
            coarse = parallel.parallel_map(lambda part: around.predicted(part, matrices), parts)
        else:
            coarse = in_batches(lambda part: self._rows_on_device(network, around, part), frames)
        out = np.empty((n_frames, n_bins), np.float32)
        mlp_kernels.interpolate(np.concatenate(coarse), out)
        return out

    def _rows_on_device(self, network: _Network, around: Surroundings, frames: I64) -> F32:
        """Same as `Surroundings.predicted`, from torch."""
        inputs = torch.from_numpy(around.rows(frames)).to(self._device).transpose(1, 2)
        with torch.no_grad():
            return np.asarray(network(inputs).cpu().numpy())

    def snapshot(self) -> Snapshot:
        """Predictor with the averaged weights of now, frame by frame."""
        return Snapshot(self._field, cast(_Network, self._fitter.averaged).matrices())

    def trust(self, loss: float) -> float:
        """Full trust once the loss of a block that it has not yet learned from is low."""
        return float(np.clip((UNKNOWN - (loss - IDEAL_LOSS)) / (UNKNOWN - KNOWN), 0.0, 1.0))

    def weights(self) -> dict[str, F32]:
        """The averaged weights by name, as plain arrays."""
        return exported(self._fitter.averaged)

    def load(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from these weights; ProfileError if they are not of this generator."""
        self._start = imported(
            weights, self._fitter.averaged, f"context generator with lookahead={self.after // GRID}"
        )
        self.reset()
