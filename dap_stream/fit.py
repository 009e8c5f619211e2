"""Steps of an optimiser on a network whose weights live on from block to block, and their average.

The moving average of the weights is what predicts: single steps are noisy, their mean is not
(Polyak & Juditsky 1992).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, TypeAlias

import torch

Loss: TypeAlias = Callable[[torch.nn.Module], torch.Tensor]
"""A network to what is to be made small, a scalar."""

AVERAGING = 0.98  # per step: the mean of about the last 50
AVERAGING_START = 10.0  # early on the mean is over the last tenth of a half-learned past only
MOMENTS = (0.9, 0.99)  # what stays of the means of the gradients and of their squares
LEAST_ROOT = 1e-8  # keeps a step along what never had a gradient finite
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


class Adam:
    """Kingma & Ba 2015, with `MOMENTS`. torch's own brings its compiler along: a second to import.

    ``parameters`` are those to move; a parameter without gradient stays.
    """

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        self._parameters = list(parameters)
        self._mean = [
            torch.zeros_like(each) for each in self._parameters
        ]  # of the gradients, and of their squares
        self._square = [torch.zeros_like(each) for each in self._parameters]
        self._n_steps = 0

    @torch.no_grad()
    def step(self, size: float) -> None:
        """Down the gradients that the parameters have."""
        self._n_steps += 1
        gradients = [
            each.grad if each.grad is not None else torch.zeros_like(each) for each in self._parameters
        ]
        torch._foreach_lerp_(self._mean, gradients, 1.0 - MOMENTS[0])
        torch._foreach_mul_(self._square, MOMENTS[1])
        torch._foreach_addcmul_(self._square, gradients, gradients, 1.0 - MOMENTS[1])
        root = torch._foreach_sqrt(self._square)
        torch._foreach_div_(root, math.sqrt(1.0 - MOMENTS[1] ** self._n_steps))
        torch._foreach_add_(root, LEAST_ROOT)
        torch._foreach_addcdiv_(
            self._parameters, self._mean, root, -size / (1.0 - MOMENTS[0] ** self._n_steps)
        )

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, shared."""
        return {"mean": self._mean, "square": self._square, "n_steps": self._n_steps}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._mean = [each.clone() for each in state["mean"]]
        self._square = [each.clone() for each in state["square"]]
        self._n_steps = state["n_steps"]


class Fitter:
    """Adam and the averaged copy of ``network``; both carry over from call to call."""

    def __init__(self, network: torch.nn.Module, learning_rate: float) -> None:
        self._network = network
        self._learning_rate = learning_rate
        self.averaged = deepcopy(network).requires_grad_(False)
        self._adam = Adam(network.parameters())
        self._n_steps = 0
        self._loss = torch.tensor(math.nan)

    def step(self, loss_of: Loss, rate: float = 1.0) -> None:
        """One step down ``loss_of(network)``; ``rate`` scales its size."""
        self._n_steps += 1
        loss = loss_of(self._network)
        self._loss = loss.detach()  # not asked for its value: that would wait for a GPU
        self._network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step(self._learning_rate * rate * min(1.0, self._n_steps / WARM_UP_STEPS))
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
            "adam": self._adam.state(),
            "n_steps": self._n_steps,
            "loss": self.loss,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._adam.restore(state["adam"])
        self._n_steps, self._loss = state["n_steps"], torch.tensor(state["loss"])
