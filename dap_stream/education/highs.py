"""The education of the `highs` network: made-up sounds cut off at a limit, and how loud they were above."""

from __future__ import annotations

import math
import platform
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dap_stream.core.array_types import F32
from dap_stream.core.version import __version__
from dap_stream.dsp.stft import StftSpec
from dap_stream.education.bank import make_shelf
from dap_stream.education.kinds import GROUPS
from dap_stream.education.mixtures import Mixer
from dap_stream.education.synthesis import places
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.errors import SettingError
from dap_stream.models.highs.features import (
    N_ABOVE,
    N_FEATURES,
    TAUGHT_HZ,
    TOP_HZ,
    HighsFeatures,
    band_edges_above,
    band_weights,
)
from dap_stream.models.highs.predictor import FORMAT, LEAK, WIDTH, HighsPredictor
from dap_stream.models.training import on_one_thread
from dap_stream.models.weight_files import WeightFiles

HELD_OUT_SEED = 1_000_000  # added to the seed, for the sounds of the examination
WINDOW_MS = 32.0
PIECE_S = 4.0
THINNING = 2  # every so many frames one is learned from: neighbours are much alike
CLEAN_SHARE = 0.7  # of the pieces without a noise
ACTIVE_DB = 40.0  # below the loudest frame of a piece: what is softer is not learned
LEAST_LEVEL_DB = 70.0  # below the loudest bin: what is softer is taken to be as loud as that
BATCH, LEARNING_RATE, DECAY = 512, 4e-3, 1e-3


class HighsNetwork(torch.nn.Module):
    """Two hidden layers; the twin in torch of `dap_stream.models.highs.predictor.HighsPredictor`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(N_FEATURES, WIDTH)
        self.second = torch.nn.Linear(WIDTH, WIDTH)
        self.last = torch.nn.Linear(WIDTH, N_ABOVE)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """``[frames, N_FEATURES]`` to ``[frames, N_ABOVE]``."""
        hidden = functional.leaky_relu(self.first(features), LEAK)
        hidden = functional.leaky_relu(self.second(hidden), LEAK)
        out: torch.Tensor = self.last(hidden)
        return out


@dataclass(frozen=True)
class Lessons:
    """Frames to learn from: what is seen, the level of each band above, and whether it is known there."""

    features: F32  # [frames, N_FEATURES]
    levels: F32  # [frames, N_ABOVE]
    weight: F32  # [frames, N_ABOVE] 0 or 1


@dataclass(frozen=True)
class HighsSettings:
    """All that the education depends on.

    Parameters
    ----------
    seed
        Of every random number.
    steps
        Of the optimiser.
    share
        Part of the bank of sounds that is made, 0 to 1.
    pieces
        Of sound that is learned from, `PIECE_S` seconds each.
    """

    seed: int = 11
    steps: int = 6000
    share: float = 0.12
    pieces: int = 3000

    def __post_init__(self) -> None:
        if not (0.0 < self.share <= 1.0 and self.steps >= 1):
            raise SettingError(f"share={self.share} must be in 0..1 and steps={self.steps} at least 1")


def lessons(mixer: Mixer, seed: int, n_pieces: int, progress: Callable[[float], None]) -> Lessons:
    """Frames of ``n_pieces`` sounds, each with a limit of its own."""
    made = []
    for i in range(n_pieces):
        made.append(_lesson(mixer, np.random.default_rng([seed, 3, i])))
        progress((i + 1) / n_pieces)
    return Lessons(*(np.concatenate(parts) for parts in zip(*made, strict=True)))


def _lesson(mixer: Mixer, rng: np.random.Generator) -> tuple[F32, F32, F32]:
    spec = StftSpec.for_rate(SAMPLE_RATE, WINDOW_MS)
    bin_hz, frequencies = SAMPLE_RATE / spec.n_fft, spec.frequencies_hz(SAMPLE_RATE)
    mixture = mixer.mixture(rng, round(PIECE_S * SAMPLE_RATE))
    sound = mixture.wanted if rng.uniform() < CLEAN_SHARE else mixture.wanted + mixture.noise
    spectrum = spec.spectrum(sound, spec.observation) * places.microphone_gain(rng, frequencies)
    power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
    limit_hz = float(np.exp(rng.uniform(*np.log(TAUGHT_HZ))))
    below = power * (frequencies <= limit_hz)
    seen, level = HighsFeatures(limit_hz, spec.n_bins, bin_hz, spec.hop / SAMPLE_RATE).advance(below)
    edges = band_edges_above(limit_hz)
    least = power.max() * 10.0 ** (-LEAST_LEVEL_DB / 10.0) + 1e-20
    levels = np.log(power @ band_weights(edges, spec.n_bins, bin_hz).T + least) - level[:, None]
    total = power.sum(axis=1)
    learned = np.flatnonzero(total > total.max() * 10.0 ** (-ACTIVE_DB / 10.0))[::THINNING]
    weight = np.broadcast_to((edges[1:] <= TOP_HZ).astype(np.float32), levels.shape)
    return seen[learned], levels[learned].astype(np.float32), weight[learned]


def teach(taught: Lessons, seed: int, n_steps: int, progress: Callable[[float], None]) -> dict[str, F32]:
    """Weights by name, that predict the median level, in decibels.

    Features are scaled for learning only: the first layer of the result takes them as they are.
    """
    torch.manual_seed(seed)
    network = HighsNetwork()
    mean, scale = taught.features.mean(axis=0), taught.features.std(axis=0) + 1e-2
    features = torch.from_numpy((taught.features - mean) / scale)
    levels, weight = torch.from_numpy(taught.levels), torch.from_numpy(taught.weight)
    optimiser = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=DECAY)
    for step in range(n_steps):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * (0.5 + 0.5 * math.cos(math.pi * step / n_steps))
        frames = torch.randint(len(features), (BATCH,))
        error = (levels[frames] - network(features[frames])) * weight[frames]
        loss = error.abs().sum() / weight[frames].sum().clamp(min=1.0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        progress((step + 1) / n_steps)
    weights = {name: value.detach().numpy().copy() for name, value in network.named_parameters()}
    weights["first.weight"] /= scale
    weights["first.bias"] -= weights["first.weight"] @ mean
    return weights


def examine(weights: dict[str, F32], exam: Lessons) -> dict[str, float]:
    """On sounds kept apart: root mean square and mean of the error in dB, and how often it was too loud."""
    error = (HighsPredictor(weights).levels(exam.features) - exam.levels) * (10.0 / np.log(10.0))
    known = error[exam.weight > 0]
    return {
        "error_db": round(float(np.sqrt(np.mean(known**2))), 2),
        "mean_db": round(float(np.mean(known)), 2),
        "too_loud": round(float(np.mean(known > 0)), 3),
    }


def educate_highs(
    folder: Path,
    settings: HighsSettings,
    n_processes: int = 2,
    progress: Callable[[str, float], None] = lambda what, part: None,
) -> dict[str, Any]:
    """Teach the network with made-up sounds; ``folder`` gets sounds, weights and card.

    Parameters
    ----------
    folder
        For the sounds, weights and card.
    settings
        What is taught.
    n_processes
        That make sounds.
    progress
        Told what is done and how far it is; may raise to stop.

    Returns
    -------
    dict
        The card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    mixers = []
    for name, seed, part in (("bank", settings.seed, 1.0), ("held_out", settings.seed + HELD_OUT_SEED, 0.2)):
        shelves = {
            group: make_shelf(folder / name, group, seed, part * settings.share, n_processes, progress)
            for group in GROUPS
        }
        mixers.append(Mixer(shelves, seed))
    taught = lessons(mixers[0], settings.seed, settings.pieces, lambda part: progress("lessons", part))
    exam = lessons(mixers[1], mixers[1].seed, max(settings.pieces // 16, 1), lambda part: None)
    weights = on_one_thread(
        teach, taught, settings.seed, settings.steps, lambda part: progress("teaching", part)
    )
    card = {
        "made_from": {group: dict(Counter(shelf.makers)) for group, shelf in mixers[0].shelves.items()},
        "recordings": 0,
        "seed": settings.seed,
        "pieces": settings.pieces,
        "steps": settings.steps,
        "share": settings.share,
        "seconds": round(time.monotonic() - begin),
        "on_held_out_sounds": examine(weights, exam),
        "versions": {
            "dap_stream": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
    }
    WeightFiles(folder, FORMAT).save(weights, card)
    return card
