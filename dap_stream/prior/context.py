"""The `context` generator: the power to expect in a bin, predicted from its surroundings alone.

A blind-spot denoiser (Krull et al. 2019, Noise2Void) of the log power spectrogram. The noise of a bin
is not in its input, so however long it trains it can only learn the conditional expectation, the local
power spectral density.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dap_stream import kernels, workers
from dap_stream.fit import Fitter, one_thread
from dap_stream.kernels import F32, I64
from dap_stream.prior.base import EULER_GAMMA, IDEAL_LOSS, Block
from dap_stream.prior.device import in_batches
from dap_stream.prior.predict import COLUMNS, LEAK, ROWS, Matrix
from dap_stream.prior.predictor import Predictor
from dap_stream.prior.surroundings import BEFORE, GRID, Surroundings, view
from dap_stream.prior.weights import exported, imported

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
    """Layers with the same inputs as one matrix for `dap_stream.prior.predict.dense`."""
    weight = np.concatenate([layer.weight.detach().cpu().numpy() for layer in layers])
    bias = np.concatenate([layer.bias.detach().cpu().numpy() for layer in layers])
    more_rows, more_columns = -len(weight) % ROWS, -weight.shape[1] % COLUMNS
    return np.pad(weight, ((0, more_rows), (0, more_columns))), np.pad(bias, (0, more_rows))


_Examples: TypeAlias = tuple[torch.Tensor, torch.Tensor]


def _loss(examples: _Examples, network: nn.Module) -> torch.Tensor:
    inputs, targets = examples
    return torch.mean((network(inputs) - targets) ** 2)


class ContextGenerator:
    """See the module; keeps the promises of `dap_stream.prior.base.Generator`."""

    name = "context"
    before = BEFORE

    def __init__(self, seed: int = 0, device: str = "cpu", lookahead: int = 1) -> None:
        self.after = GRID * lookahead
        self._view = view(lookahead)
        self._seed = seed
        self._device = torch.device(device)
        self._start: dict[str, Any] | None = None
        self._last: tuple[F32, Surroundings] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the weights it was made or loaded with, and to the first random number."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            network = _Network(self._view.n_inputs)
        if self._start is not None:
            network.load_state_dict(self._start)
        self._fitter = Fitter(network.to(self._device), LEARNING_RATE)
        self._last = None
        self._rng = np.random.default_rng(self._seed)

    def _surroundings(self, block: Block) -> Surroundings:
        """Of an image that is looked at several times in a row."""
        if self._last is None or self._last[0] is not block.log_power:
            self._last = block.log_power, Surroundings(block.log_power, self._view)
        return self._last[1]

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
        with one_thread(), torch.no_grad():
            return float(_loss(self._examples(block, *points), self._fitter.averaged))

    def learn(self, block: Block, n_steps: int, rate: float = 1.0) -> None:
        """Take ``n_steps`` steps at random points of the block and of what it brings along before it."""
        steps = [self._points(block, BEFORE, POINTS_PER_STEP) for _ in range(n_steps)]
        examples = (self._examples(block, *points) for points in steps if len(points[0]))
        with one_thread(), workers.ahead(examples) as prepared:
            for each in prepared:
                self._fitter.step(partial(_loss, each), rate)

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
            parts = np.array_split(frames, workers.n_cores())
            coarse = workers.each(lambda part: around.predicted(part, matrices), parts)
        else:
            coarse = in_batches(lambda part: self._rows_on_device(network, around, part), frames)
        out = np.empty((n_frames, n_bins), np.float32)
        kernels.interpolate(np.concatenate(coarse), out)
        return out

    def _rows_on_device(self, network: _Network, around: Surroundings, frames: I64) -> F32:
        """What `Surroundings.predicted` gives, from torch."""
        inputs = torch.from_numpy(around.rows(frames)).to(self._device).transpose(1, 2)
        with torch.no_grad():
            return np.asarray(network(inputs).cpu().numpy())

    def predictor(self) -> Predictor:
        """What `predict` does with the averaged weights of now, frame by frame."""
        return Predictor(self._view, cast(_Network, self._fitter.averaged).matrices())

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
