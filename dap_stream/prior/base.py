"""What every generator promises: look at a block, learn from it, say what power to expect in each bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dap_stream.kernels import F32

EULER_GAMMA = 0.5772156649015329
IDEAL_LOSS = np.pi**2 / 6.0
"""Variance of the logarithm of exponentially distributed power: the loss when the expected power is known."""


@dataclass(frozen=True)
class Block:
    """A piece of the whitened log power spectrogram, with what surrounds it in time.

    ``log_power [before + frames + after, bins]`` is ``log(power / noise_floor)``, natural logarithm;
    the block itself is what lies between ``before`` and ``after``. ``is_active [same frames]`` is
    false in digital silence, which tells nothing about the sound. ``first_frame`` is where the first of
    these frames lies in the recording; it may be negative.
    """

    log_power: F32
    is_active: npt.NDArray[np.bool_]
    before: int
    after: int
    first_frame: int = 0

    @property
    def n_frames(self) -> int:
        """Frames of the block itself."""
        return int(self.log_power.shape[0]) - self.before - self.after


class Generator(Protocol):
    """A network fitted to one recording. Loss is ``mean((log_expected - log_power - gamma)^2)``.

    The mean of the logarithm of exponentially distributed power is that of its expectation less
    Euler's constant, hence the constant; `IDEAL_LOSS` is reached where the expectation is exact.
    """

    name: str
    before: int  # frames that a block must bring along before its first
    after: int  # and after its last: the look-ahead

    def validate(self, block: Block) -> float:
        """Loss on the block itself with the averaged weights, before they have seen it; NaN in silence."""

    def learn(self, block: Block, n_steps: int, rate: float = 1.0) -> None:
        """Take ``n_steps`` steps on the block and what it has before it; ``rate`` scales their size."""

    def predict(self, block: Block) -> F32:
        """Natural log of the expected power over the noise floor ``[frames, bins]``."""

    def trust(self, loss: float) -> float:
        """Part of its prediction, 0 to 1, that may replace the classical one once a block had this loss."""

    def reset(self) -> None:
        """Back to the weights it was made or loaded with, and to the first random number."""

    def weights(self) -> dict[str, F32]:
        """The averaged weights by name, as plain arrays."""

    def load(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from these weights; ProfileError if they are not of this generator."""
