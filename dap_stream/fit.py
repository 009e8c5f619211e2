"""Steps of an optimiser on a network whose weights live on from block to block, and their average.

The moving average of the weights is what predicts: single steps are noisy, their mean is not
(Polyak & Juditsky 1992).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeAlias

import torch

Loss: TypeAlias = Callable[[torch.nn.Module], torch.Tensor]
"""A network to what is to be made small, a scalar."""

AVERAGING = 0.98  # per step: the mean of about the last 50
AVERAGING_START = 10.0  # early on the mean is over the last tenth of a half-learned past only
WARM_UP_STEPS = 10  # Adam's first steps are as large as its later ones and know much less


@contextmanager
def one_thread() -> Iterator[None]:
    """Have torch use one thread inside.

    The matrices here are small: a second thread gains nothing on an idle machine, and on a busy one
    its barriers cost ten times the work.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def averaging(n_steps: int) -> float:
    """Part of the average that stays when step number ``n_steps`` (from 1) comes in."""
    return min(AVERAGING, n_steps / (n_steps + AVERAGING_START))


class Fitter:
    """Adam and the averaged copy of ``network``; both carry over from call to call."""

    def __init__(self, network: torch.nn.Module, learning_rate: float) -> None:
        self._network = network
        self._learning_rate = learning_rate
        self.averaged = deepcopy(network).requires_grad_(False)
        self._optimiser = torch.optim.Adam(network.parameters(), learning_rate, betas=(0.9, 0.99))
        self._n_steps = 0
        self._loss = torch.tensor(math.nan)

    def step(self, loss_of: Loss, rate: float = 1.0) -> None:
        """One step down ``loss_of(network)``; ``rate`` scales its size."""
        self._n_steps += 1
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate * rate * min(1.0, self._n_steps / WARM_UP_STEPS)
        self._optimiser.zero_grad()
        loss = loss_of(self._network)
        self._loss = loss.detach()  # not asked for its value: that would wait for a GPU
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        keep = averaging(self._n_steps)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.averaged.parameters()), list(self._network.parameters()), 1.0 - keep
            )

    @property
    def loss(self) -> float:
        """Of the last step; NaN before the first."""
        return float(self._loss)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and the average; tensors and numbers, shared with the fitter."""
        return {
            "network": self._network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "n_steps": self._n_steps,
            "loss": self.loss,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._n_steps, self._loss = state["n_steps"], torch.tensor(state["loss"])
