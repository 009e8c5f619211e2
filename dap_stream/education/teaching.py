"""Teaching: steps of an optimiser on one batch of made-up mixtures after the other."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dap_stream.dsp.bands import N_BANDS
from dap_stream.education.mixtures import Batch, Mixer
from dap_stream.errors import DapStreamError
from dap_stream.models.band.layout import LOOKAHEADS
from dap_stream.models.band.loss import share_loss
from dap_stream.models.band.network import BandNetwork
from dap_stream.models.training import averaging

LEARNING_RATE = 3e-3
WARM_UP_STEPS = 100
DECAY = 1e-3  # of the weights, per step and learning rate
AVERAGING = 0.998  # of the weights, per step
MOST_NORM = 1.0  # of the gradient
LOOKAHEAD_WEIGHTS = (0.2, 0.3, 0.15, 0.35)  # of the losses of the outputs; live streams use the second
VOICE_WEIGHT = 0.1  # of the loss of the voice's presence
LOOKED_AFTER_S = 2.0  # between one look whether the process that makes batches is alive and the next


def loss_of(logits: torch.Tensor, batch: Batch, device: torch.device | str = "cpu") -> torch.Tensor:
    """Cross-entropy of the outputs against the true shares, each as late as its look-ahead."""
    share, weight, voice = (
        torch.from_numpy(array).to(device) for array in (batch.noise_share, batch.weight, batch.has_voice)
    )
    total = torch.zeros((), device=logits.device)
    for i, (late, factor) in enumerate(zip(LOOKAHEADS, LOOKAHEAD_WEIGHTS, strict=True)):
        heard = functional.binary_cross_entropy_with_logits(
            logits[late:, :, i, N_BANDS], voice[: len(voice) - late]
        )
        total = total + factor * (share_loss(logits, share, weight, i) + VOICE_WEIGHT * heard)
    return total


def divergence(logits: torch.Tensor, batch: Batch, output: int) -> float:
    """Mean Kullback-Leibler divergence of an output from the true share, in nats; 0 is perfect."""
    share, weight = torch.from_numpy(batch.noise_share), torch.from_numpy(batch.weight)
    loss = share_loss(logits, share, weight, output)
    share, weight = (part[: len(part) - LOOKAHEADS[output]] for part in (share, weight))
    entropy = -torch.xlogy(share, share) - torch.xlogy(1.0 - share, 1.0 - share)
    return float(loss - (entropy * weight).sum() / weight.sum())


@dataclass
class Teacher:
    """A network on its way; all of its state can be saved and taken up again."""

    n_steps: int
    seed: int
    device: str = "cpu"

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.network = BandNetwork().to(self.device)
        self.averaged = deepcopy(self.network).requires_grad_(False)
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=DECAY
        )
        self.step_number = 0

    def _rate(self) -> float:
        warm = min(1.0, (self.step_number + 1) / WARM_UP_STEPS)
        return LEARNING_RATE * warm * (0.5 + 0.5 * math.cos(math.pi * self.step_number / self.n_steps)) + 1e-6

    def step(self, batch: Batch) -> float:
        """One step down the loss of a batch, which is returned."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        features = torch.from_numpy(batch.features).to(self.device)
        loss = loss_of(self.network(features)[0], batch, self.device)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MOST_NORM)
        self._optimiser.step()
        self.step_number += 1
        keep = averaging(self.step_number, AVERAGING)
        with torch.no_grad():
            for mean, now in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, 1.0 - keep)
        return float(loss.detach())

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step_number,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.step_number = int(state["step"])


def _end_with_parent() -> None:
    """End this process, whatever it waits for, as soon as the one that started it is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # nothing else ends a queue that nobody reads


def _produce(mixer: Mixer, first: int, last: int, batches: Queue[Batch]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for number in range(first, last):
        batches.put(mixer.batch(number))


def batches_from(mixer: Mixer, first: int, last: int) -> Iterator[Batch]:
    """Batches number ``first`` to ``last - 1`` in order, made in a process beside this one."""
    context = get_context("spawn")
    queue: Queue[Batch] = context.Queue(3)
    process = context.Process(target=_produce, args=(mixer, first, last, queue), daemon=True)
    process.start()
    try:
        for number in range(first, last):
            yield _next(queue, process, number)
    finally:
        process.terminate()
        process.join()


def _next(queue: Queue[Batch], process: SpawnProcess, number: int) -> Batch:
    """The next batch; DapStreamError if nobody is there any more who could make it."""
    while process.is_alive():
        with suppress(Empty):
            return queue.get(timeout=LOOKED_AFTER_S)
    with suppress(Empty):
        return queue.get(timeout=LOOKED_AFTER_S)  # it may have ended after its last
    raise DapStreamError(
        f"the process that makes batches ended at batch {number} (exit status {process.exitcode}), often "
        "for want of memory; run it again to go on"
    )


def evaluate(network: BandNetwork, batches: list[Batch]) -> dict[str, float]:
    """Mean divergence of each output on batches it was not taught with."""
    found: dict[str, list[float]] = {}
    with torch.no_grad():
        for batch in batches:
            logits = network(torch.from_numpy(batch.features))[0]
            for i, late in enumerate(LOOKAHEADS):
                found.setdefault(f"lookahead {late}", []).append(divergence(logits, batch, i))
    return {name: float(np.mean(values)) for name, values in found.items()}


def save_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
