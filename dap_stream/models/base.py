"""The promises of every generator: look at a block, learn from it, say what power to expect in each bin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32, Mask
from dap_stream.dsp.features import WHITE_RANGE, active_frames, level_above, whiten
from dap_stream.dsp.noise_tracking import NoiseFloor

EULER_GAMMA = 0.5772156649015329
IDEAL_LOSS = np.pi**2 / 6.0
"""Variance of the logarithm of exponentially distributed power: the loss when the expected power is known."""


@dataclass(frozen=True)
class Block:
    """A piece of the whitened log power spectrogram, with what surrounds it in time.

    Parameters
    ----------
    log_power
        ``log(power / noise_floor)`` ``[before + frames + after, bins]``, natural logarithm.
    is_active
        ``[before + frames + after]``; false in digital silence, which tells nothing about the sound.
    before, after
        Frames that do not belong to the block itself.
    first_frame
        Place of the first of these frames in the recording; may be negative.
    is_known
        ``[before + frames + after, bins]``; cells that are not known are neither learned from nor judged by
        a deep prior, which fills them. None if all are known.
    """

    log_power: F32
    is_active: Mask
    before: int
    after: int
    first_frame: int = 0
    is_known: Mask | None = None

    @classmethod
    def of_excerpt(
        cls,
        log_observed: F32,
        before: int = 0,
        after: int = 0,
        is_end_known: bool = False,
        is_known: Mask | None = None,
    ) -> tuple[Block, F32]:
        """The block of a whole excerpt, silence around it, and the log floor ``[bins]`` it was whitened by.

        ``log_observed [frames, bins]`` is its log power. With ``is_end_known`` the last ``after`` frames are
        those that follow the block, and no silence is put there. ``is_known [frames, bins]`` are cells with
        sound in them; the floor is that of frames which have some. It is not so low that what is known would
        be clipped, for a fill is as loud as what is around it, and goes on level above the highest bin.
        """
        is_active = active_frames(log_observed)
        if is_known is not None:
            is_active &= is_known.any(axis=1)
        log_floor = NoiseFloor(1).advance(log_observed, is_active)
        if is_known is not None:
            is_heard = is_known & is_active[:, None]
            loudest = np.max(log_observed, axis=0, where=is_heard, initial=-np.inf)
            log_floor = np.maximum(log_floor, loudest - np.float32(WHITE_RANGE[1]))
            log_floor = level_above(log_floor, np.asarray(is_known.any(axis=0)))
        around = (before, 0 if is_end_known else after)
        white = np.pad(whiten(log_observed, is_active, log_floor), (around, (0, 0)))
        if is_known is not None:
            is_known = np.pad(is_known, (around, (0, 0)))
        block = cls(white, np.pad(is_active, around), before, after, is_known=is_known)
        return block, log_floor

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
        """Judge a block before it is learned from.

        Parameters
        ----------
        block
            Only the block itself counts, not its surroundings.

        Returns
        -------
        float
            Loss of the averaged weights; NaN in silence.
        """

    def learn(self, block: Block, n_steps: int, rate: float = 1.0) -> None:
        """Learn from a block and from the frames before it.

        Parameters
        ----------
        block
            Learned from.
        n_steps
            Steps of the optimiser; 0 changes nothing.
        rate
            Scales the size of the steps.
        """

    def predict(self, block: Block) -> F32:
        """Predict a block.

        Parameters
        ----------
        block
            Of any length.

        Returns
        -------
        numpy.ndarray
            Natural log of the expected power over the noise floor ``[frames, bins]``.
        """

    def trust(self, loss: float) -> float:
        """Trust in the prediction.

        Parameters
        ----------
        loss
            That a block had before it was learned from.

        Returns
        -------
        float
            Part of the prediction, 0 to 1, that may replace the classical one from then on.
        """

    def reset(self) -> None:
        """Back to the weights it was made or loaded with, and to the first random number."""

    def weights(self) -> dict[str, F32]:
        """The averaged weights by name, as plain arrays."""

    def load(self, weights: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from other weights.

        Parameters
        ----------
        weights
            What `weights` gave.

        Raises
        ------
        ProfileError
            If they are not of this generator.
        """
