"""An education from beginning to end: sounds, lessons, examination, and the weights with their card."""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import scipy
import torch

from dap_stream.core.version import __version__
from dap_stream.education.bank import Shelf, make_shelf
from dap_stream.education.kinds import GROUPS
from dap_stream.education.mixtures import Batch, Mixer
from dap_stream.education.teaching import Teacher, batches_from, evaluate, save_checkpoint
from dap_stream.education.voices import espeak
from dap_stream.errors import SettingError
from dap_stream.models.band.educated import save_educated
from dap_stream.models.device import device_name
from dap_stream.models.training import on_one_thread

HELD_OUT_SEED = 1_000_000  # added to the seed, for the sounds of the examination
HELD_OUT_SHARE = 0.05  # of the pieces of a bank
CHECKPOINT_STEPS = 200
EXAM_BATCHES, EXAM_SHAPE, EXAM_WINDOWS_MS = 8, (24, 4.0), (48.0, 32.0)

Progress: TypeAlias = Callable[[str, float], None]
"""Told what is done now, and which part of it, 0 to 1."""


@dataclass(frozen=True)
class EducationSettings:
    """All that an education depends on.

    Parameters
    ----------
    seed
        Of every random number.
    steps
        Of the optimiser.
    share
        Part of the sounds that is made, 0 to 1.
    left_out
        Kinds of sound that are not shown.
    """

    seed: int = 11
    steps: int = 14000
    share: float = 1.0
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = [name for group in GROUPS.values() for name in group.makers]
        unknown = [name for name in self.left_out if name not in known]
        if unknown:
            raise SettingError(f"left_out={unknown[0]} is no kind of sound; known: {', '.join(known)}")
        if not (0.0 < self.share <= 1.0 and self.steps >= 1):
            raise SettingError(f"share={self.share} must be in 0..1 and steps={self.steps} at least 1")


def educate(
    folder: Path,
    settings: EducationSettings,
    device: str = "auto",
    n_processes: int = 2,
    progress: Progress = lambda what, part: None,
) -> dict[str, Any]:
    """Teach a band network with made-up sounds; what was done before in ``folder`` is taken up again.

    Parameters
    ----------
    folder
        Gets the sounds, the state of the teaching, and at the end weights and card.
    settings
        What is taught, and for how long.
    device
        ``auto``, ``cpu`` or ``cuda``.
    n_processes
        That make sounds.
    progress
        Told how far it is; may raise to stop.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    SettingError
        If ``folder`` holds an education with other settings; only the steps may be others, to lengthen it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planned = _claim(folder, settings)
    begin = time.monotonic()

    def shelves(name: str, seed: int, share: float) -> dict[str, Shelf]:
        return {
            group: make_shelf(folder / name, group, seed, share, n_processes, progress) for group in GROUPS
        }

    bank = shelves("bank", settings.seed, settings.share)
    held_out = shelves("held_out", settings.seed + HELD_OUT_SEED, HELD_OUT_SHARE * settings.share)
    teacher = Teacher(settings.steps, settings.seed, device_name(device))
    checkpoint = folder / "checkpoint.pt"
    seconds = before_s = 0.0
    card: dict[str, Any] = {}
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        teacher.restore(state)
        seconds = before_s = float(state["seconds"])
    mixer = Mixer(bank, settings.seed, frozenset(settings.left_out))
    exam_mixer = Mixer(held_out, settings.seed + HELD_OUT_SEED)
    exam = [exam_mixer.batch(i, EXAM_WINDOWS_MS[i % 2], EXAM_SHAPE) for i in range(EXAM_BATCHES)]
    for batch in batches_from(mixer, teacher.step_number, settings.steps):
        _step(teacher, batch)
        progress("teaching", teacher.step_number / settings.steps)
        if teacher.step_number % CHECKPOINT_STEPS == 0 or teacher.step_number == settings.steps:
            seconds = before_s + time.monotonic() - begin
            save_checkpoint({**teacher.state(), "seconds": seconds}, checkpoint)
            found = evaluate(teacher.averaged, exam)
            with open(folder / "exam.jsonl", "a", encoding="utf-8") as file:
                file.write(
                    json.dumps({"step": teacher.step_number, "seconds": round(seconds), **found}) + "\n"
                )
            card = _save(folder, teacher, settings, planned, bank, found, seconds)
    return card or _save(folder, teacher, settings, planned, bank, evaluate(teacher.averaged, exam), seconds)


def _step(teacher: Teacher, batch: Batch) -> None:
    """On a CPU in one thread: for matrices as small as these more of them cost time."""
    if teacher.device == "cpu":
        on_one_thread(teacher.step, batch)
    else:
        teacher.step(batch)


def _claim(folder: Path, settings: EducationSettings) -> list[int]:
    """Write the settings down, or find those of before but for the steps; all steps ever planned."""
    path = folder / "education.json"
    wanted = json.loads(json.dumps(asdict(settings)))
    planned = [settings.steps]
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        planned = before.pop("planned", [before["steps"]])
        if {**before, "steps": settings.steps} != wanted:
            raise SettingError(f"{folder} holds an education with other settings; choose another folder")
        if planned[-1] != settings.steps:
            planned = [*planned, settings.steps]
    path.write_text(json.dumps({**wanted, "planned": planned}) + "\n", encoding="utf-8")
    return planned


def _save(
    folder: Path,
    teacher: Teacher,
    settings: EducationSettings,
    planned: list[int],
    bank: dict[str, Shelf],
    exam: dict[str, float],
    seconds: float,
) -> dict[str, Any]:
    weights = {name: value.cpu().numpy() for name, value in teacher.averaged.state_dict().items()}
    card = {
        "made_from": {group: dict(Counter(shelf.makers)) for group, shelf in bank.items()},
        "recordings": 0,
        **asdict(settings),
        "steps_planned": planned,  # the rate of learning falls towards the last of them
        "steps_done": teacher.step_number,
        "seconds": round(seconds),
        "device": teacher.device,
        "divergence_on_held_out_sounds": {name: round(value, 4) for name, value in exam.items()},
        "versions": {
            "dap_stream": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "torch": torch.__version__,
            "espeak-ng": espeak.version() or "not there",
        },
    }
    save_educated(folder, weights, card)
    return card
