"""The fit of one network to one excerpt, with the stop rules looking on. All of it can be put aside."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
import torch

from dap_stream.apps.study.early_stopping import HOLD_OUT_PATIENCE, Minimum, MovingVariance
from dap_stream.apps.study.excerpt import Excerpt
from dap_stream.apps.study.settings import StudySettings
from dap_stream.core.array_types import F32
from dap_stream.models.deep.generator import ARCHITECTURES, DeepGenerator

LOOK = 10  # iterations between two looks at the held-out loss, which costs a third of an iteration
HOLD_OUT, VARIANCE = "holdout", "variance"

FitProgress: TypeAlias = Callable[[int], None]
"""Gets the number of iterations done, before each next one; may raise to stop the fit."""


class Fit:
    """Iterations 0, 1, ... of one network; its image is that of the averaged weights.

    The rules stop nothing here: they remember the weights of the moment at which they would have.
    """

    def __init__(self, excerpt: Excerpt, settings: StudySettings, device: str) -> None:
        architecture = ARCHITECTURES[settings.generator]
        self._block = excerpt.block
        self._generator = DeepGenerator(architecture, settings.seed, device, holds_out=True)
        self._kept_generator = DeepGenerator(architecture, settings.seed, device, holds_out=True)
        self._variance = MovingVariance(excerpt.spectrum.shape, settings.window)
        self.rules = {HOLD_OUT: Minimum(HOLD_OUT_PATIENCE, 1.0), VARIANCE: Minimum(settings.patience)}
        self._weights: dict[str, dict[str, F32]] = {}  # of the moment each rule stops at
        self.iteration = 0
        self.seconds = 0.0
        self._losses, self._n_losses = 0.0, 0  # since the last time `train_loss` was asked for
        self._recent: list[float] = []  # losses since the last look
        self.trace: list[tuple[int, float, float, float | None]] = []
        """Every `LOOK` iterations: iteration, mean train loss of the last few, held-out loss, variance."""

    def advance(self, stop: int, progress: FitProgress | None = None) -> None:
        """Go on to iteration ``stop``. If ``progress`` raises, the fit is in a state of no use."""
        while self.iteration < stop:
            began = time.perf_counter()
            next_look = (self.iteration // LOOK + 1) * LOOK
            self._iterate(min(stop, next_look), progress)
            if self.iteration == next_look:
                self._look_at_held_out()
            self.seconds += time.perf_counter() - began

    def _iterate(self, stop: int, progress: FitProgress | None) -> None:
        """All iterations up to ``stop``, in one call of the generator."""
        losses: list[float] = []

        def before_step(image: F32, loss: float) -> None:
            done = self.iteration + len(losses)
            self._look_at_variance(done, image)
            if progress is not None:
                progress(done)
            losses.append(loss)

        self._generator.learn(self._block, stop - self.iteration, before_step=before_step)
        self.iteration = stop
        self._recent += losses
        self._losses, self._n_losses = self._losses + math.fsum(losses), self._n_losses + len(losses)

    def _look_at_held_out(self) -> None:
        held_out = self.held_out_loss()
        if self.rules[HOLD_OUT].offer(self.iteration, held_out):
            self._weights[HOLD_OUT] = self._generator.weights()
        self.trace.append((self.iteration, fmean(self._recent), held_out, self._variance.value))
        self._recent = []

    def _look_at_variance(self, iteration: int, image: F32) -> None:
        value = self._variance.push(image)
        if value is not None and self.rules[VARIANCE].offer(iteration, value):
            self._weights[VARIANCE] = self._generator.weights()

    def train_loss(self) -> float:
        """Mean over the iterations since the last call."""
        losses, n_losses = self._losses, self._n_losses
        self._losses, self._n_losses = 0.0, 0
        return losses / n_losses if n_losses else math.nan

    def held_out_loss(self) -> float:
        """Loss of the averaged weights on the cells that are never fitted."""
        return self._generator.validate(self._block)

    @property
    def variance(self) -> float | None:
        """Of the last images; None until there are enough."""
        return self._variance.value

    def image(self) -> F32:
        """Image of the averaged weights: natural log of expected power over the floor ``[frames, bins]``."""
        return self._generator.predict(self._block)

    def stop_image(self, rule: str) -> F32 | None:
        """The same at the moment at which a rule stops; None if it has seen nothing yet."""
        if rule not in self._weights:
            return None
        self._kept_generator.load(self._weights[rule])
        return self._kept_generator.predict(self._block)

    def state(self) -> dict[str, Any]:
        """All of it, as tensors and numbers that nothing else will change."""
        return {
            "generator": deepcopy(self._generator.state()),
            "variance": _to_tensors(self._variance.state()),
            "rules": {name: rule.state() for name, rule in self.rules.items()},
            "weights": {name: _to_tensors(weights) for name, weights in self._weights.items()},
            "iteration": self.iteration,
            "seconds": self.seconds,
            "losses": self._losses,
            "n_losses": self._n_losses,
            "recent": list(self._recent),
            "trace": list(self.trace),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave, bit for bit."""
        self._generator.restore(deepcopy(state["generator"]))
        self._variance.restore(_to_arrays(state["variance"]))
        for name, rule in self.rules.items():
            rule.restore(state["rules"][name])
        self._weights = {name: _to_arrays(weights) for name, weights in state["weights"].items()}
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self._losses, self._n_losses = state["losses"], state["n_losses"]
        self._recent, self.trace = list(state["recent"]), list(state["trace"])


def _to_tensors(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays become tensors, which `torch.load` reads without running code; numbers stay."""
    return {
        name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }


def _to_arrays(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.numpy() if isinstance(value, torch.Tensor) else value for name, value in values.items()
    }
