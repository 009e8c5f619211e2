"""How many steps of learning a block gets."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dap_stream.models.base import IDEAL_LOSS

FIRST = 4  # times as many steps for the first block: nothing is known yet


class StepPlan(Protocol):
    """How many steps a block gets."""

    def steps(self, loss: float) -> int:
        """For the next block, which had this loss before its first step; NaN in silence."""


class EqualSteps:
    """The same for every block: for generators that know only what they were just fitted to."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps, self._first = n_steps, FIRST

    def steps(self, loss: float) -> int:
        """All of them; more for the first block."""
        if not np.isfinite(loss):
            return 0
        first, self._first = self._first, 1
        return first * self._n_steps


class StepsBySurprise:
    """The loss of a block before the first step on it says whether the generator knows it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._usual: float | None = None  # running mean of the loss

    def steps(self, loss: float) -> int:
        """All of them for a block that is worse than usual, few for one as well known as the last ones."""
        if not np.isfinite(loss) or self._most == 0:
            return 0
        if self._usual is None:
            self._usual = loss
            return FIRST * self._most
        surprise = (loss - self._usual) / IDEAL_LOSS
        self._usual += 0.1 * (loss - self._usual)
        return int(np.clip(round(self._most * (0.35 + 5.0 * surprise)), 1, self._most))
