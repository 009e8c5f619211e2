"""Steps of an optimiser on a network whose weights live on from block to block, and their average.

The moving average of the weights is what predicts: single steps are noisy, their mean is not
(Polyak & Juditsky 1992).
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from copy import deepcopy
from typing import Any, TypeVar

import torch

from dap_stream.core import parallel

_Result = TypeVar("_Result")

AVERAGING = 0.98  # per step: the mean of about the last 50
AVERAGING_START = 10.0  # early on the mean is over the last tenth of a half-learned past only
MOMENTS = (0.9, 0.99)  # what stays of the means of the gradients and of their squares
LEAST_ROOT = 1e-8  # keeps a step along what never had a gradient finite
WARM_UP_STEPS = 10  # Adam's first steps are as large as its later ones and know much less


def on_one_thread(work: Callable[..., _Result], *arguments: Any) -> _Result:
    """``work(*arguments)`` where torch spreads nothing over several threads. It is over when this returns.

    The matrices here are small: a second thread gains nothing on an idle machine, and on a busy one
    its barriers cost ten times the work.
    """
    if getattr(_here, "has_one_thread", False):  # called by such work: all other threads may be waiting too
        return work(*arguments)
    done = _workers.pool().submit(work, *arguments)
    try:
        return done.result()
    finally:
        wait([done])  # whoever is stopped while waiting leaves nothing running


_here = threading.local()


class _Workers:
    """Threads in which torch has one thread, as many as cores, started all together when first needed.

    ``torch.set_num_threads(1)`` around the work would not do. It is process-wide: a thread that meets torch
    for the first time meanwhile keeps that number for good, and two callers at once put back each other's.
    Here that very rule is put to use. The number is one only for the moment in which these threads start.
    """

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def pool(self) -> ThreadPoolExecutor:
        """Made by the first who asks."""
        if self._pool is None:
            # In a new thread: it shows the number of the process, not one that its caller has chosen for
            # itself; no Ctrl-C can come between changing that number and putting it back.
            made: Future[None] = Future()
            threading.Thread(target=self._make, args=(made,), daemon=True).start()
            made.result()
        assert self._pool is not None
        return self._pool

    def _make(self, made: Future[None]) -> None:
        try:
            with self._making:
                if self._pool is None:
                    self._pool = self._started(parallel.n_cores())
            made.set_result(None)
        except BaseException as error:  # noqa: BLE001  raised by whoever waits
            made.set_exception(error)

    def _started(self, n_workers: int) -> ThreadPoolExecutor:
        pool = parallel.started_pool(n_workers, "dap_stream training")
        all_started = threading.Barrier(n_workers + 1)
        n_threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            for _ in range(n_workers):
                pool.submit(self._begin, all_started)
            all_started.wait()
        except BaseException:
            all_started.abort()
            raise
        finally:
            torch.set_num_threads(n_threads)
        return pool

    def _begin(self, all_started: threading.Barrier) -> None:
        """The first look at the number makes it that of the thread."""
        torch.get_num_threads()
        _here.has_one_thread = True
        all_started.wait()


_workers = _Workers()


def _forget_workers() -> None:
    global _workers
    _workers = _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)  # threads do not come along


def averaging(n_steps: int, most: float = AVERAGING) -> float:
    """Part of the average that stays when step number ``n_steps`` (from 1) comes in; ``most`` later on."""
    return min(most, n_steps / (n_steps + AVERAGING_START))


class Adam:
    """Kingma & Ba 2015, with `MOMENTS`. torch's own brings its compiler along: a second to import.

    ``parameters`` are those to move; a parameter without gradient stays.
    """

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        self._parameters = list(parameters)
        # Running means of the gradients, and of their squares.
        self._mean = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._square = [torch.zeros_like(parameter) for parameter in self._parameters]
        self._n_steps = 0

    @torch.no_grad()
    def step(self, size: float) -> None:
        """Down the gradients that the parameters have."""
        self._n_steps += 1
        gradients = [
            torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            for parameter in self._parameters
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
        self._mean = [mean.clone() for mean in state["mean"]]
        self._square = [square.clone() for square in state["square"]]
        self._n_steps = state["n_steps"]


class Fitter:
    """Adam and the averaged copy of ``network``; both carry over from call to call."""

    def __init__(self, network: torch.nn.Module, learning_rate: float) -> None:
        self.network = network
        self._learning_rate = learning_rate
        self.averaged = deepcopy(network).requires_grad_(False)
        self._adam = Adam(network.parameters())
        self._n_steps = 0
        self._loss = torch.tensor(math.nan)

    def step(self, loss: torch.Tensor, rate: float = 1.0) -> None:
        """One step down ``loss``, a scalar that ``network`` made; ``rate`` scales the size of the step."""
        self._n_steps += 1
        self._loss = loss.detach()  # not asked for its value: that would wait for a GPU
        self.network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step(self._learning_rate * rate * min(1.0, self._n_steps / WARM_UP_STEPS))
        keep = averaging(self._n_steps)
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.averaged.parameters()), list(self.network.parameters()), 1.0 - keep
            )

    @property
    def loss(self) -> float:
        """Of the last step; NaN before the first."""
        return float(self._loss)

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and the average; tensors and numbers, shared with the fitter."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "adam": self._adam.state(),
            "n_steps": self._n_steps,
            "loss": self.loss,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._adam.restore(state["adam"])
        self._n_steps, self._loss = state["n_steps"], torch.tensor(state["loss"])
