"""Results of a study: one row for each sample, one for each stop rule, and which sample is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dap_stream.apps.study.settings import StudySettings
from dap_stream.apps.study.tasks import TASKS, Task
from dap_stream.dsp.metrics import Scores

LAST = "last"  # the rule that never stops


@dataclass(frozen=True)
class Row:
    """A sample, with its figures by way; none where there is nothing to compare with.

    Iteration 0 is what can be had without a network: the noisy excerpt itself, or a plain fill.
    """

    iteration: int
    seconds: float  # of fitting so far
    train_loss: float | None
    heldout_loss: float | None
    moving_variance: float | None
    scores: Mapping[str, Scores]

    def score(self, way: str, name: str) -> float | None:
        """One figure of one way; None if it has none."""
        return self.scores.get(way, {}).get(name)

    def flat(self, task: Task) -> dict[str, float | None]:
        """As in the table: one name for each number."""
        return {
            "iteration": self.iteration,
            "seconds": self.seconds,
            "train_loss": self.train_loss,
            "heldout_loss": self.heldout_loss,
            "moving_variance": self.moving_variance,
            **{f"{way}_{name}": self.score(way, name) for way, name in task.columns},
        }


@dataclass(frozen=True)
class Stop:
    """Where a rule stops, and the figures there, by way.

    ``iteration`` is None if it has seen too little; ``decided_at``, when it knew, if the fit ended before.
    """

    rule: str
    iteration: int | None
    decided_at: int | None
    scores: Mapping[str, Scores]

    def flat(self, task: Task, rows: Sequence[Row]) -> dict[str, Any]:
        """As in the table, with the best of all samples and what stopping here costs against it."""
        cells: dict[str, Any] = {
            "rule": self.rule,
            "iteration": self.iteration,
            "decided_at": self.decided_at,
        }
        for way, name in task.columns:
            score, best = self.scores.get(way, {}).get(name), best_score(task, rows, way, name)
            key = f"{way}_{name}"
            cells |= {key: score, f"best_{key}": best, f"cost_{key}": cost(task, name, score, best)}
        return cells


@dataclass(frozen=True)
class StudyResult:
    """All of it. ``best`` is the iteration of the best sample, by the figure ``best_by``.

    ``settings`` are those for the excerpt: holes and limit are in them.
    """

    source: str
    reference: str | None
    folder: Path
    settings: StudySettings
    device: str
    sample_rate: int
    seconds: float
    rows: tuple[Row, ...]
    stops: tuple[Stop, ...]
    trace: tuple[tuple[int, float, float, float | None], ...]
    iterations: int  # that were done
    fit_s: float
    is_new: bool  # false if all of it had been done before
    notes: tuple[str, ...]

    @property
    def task(self) -> Task:
        """The task, with its ways and figures."""
        return TASKS[self.settings.task]

    @property
    def is_complete(self) -> bool:
        """Whether the fit got to its end."""
        return self.iterations >= self.settings.iterations

    @property
    def samples(self) -> tuple[Row, ...]:
        """The rows without that before the fit."""
        return self.rows[1:]

    @property
    def best_by(self) -> str | None:
        """The figure that says which sample is best; None if there is none."""
        for name in self.task.choosers:
            if self.samples and all(row.score(self.task.way, name) is not None for row in self.samples):
                return name
        return None

    @property
    def best(self) -> int | None:
        """Iteration of the best sample by the sound that counts; None without figures."""
        name = self.best_by
        if name is None:
            return None
        sign = 1.0 if self.task.figure(name).is_higher_better else -1.0
        return max(self.samples, key=lambda row: sign * (row.score(self.task.way, name) or 0.0)).iteration

    def stop(self, rule: str) -> Stop | None:
        """Where this rule stops, if it does."""
        return next((stop for stop in self.stops if stop.rule == rule and stop.iteration is not None), None)


def best_score(task: Task, rows: Sequence[Row], way: str, name: str) -> float | None:
    """Over all samples; what was there before the fit is none."""
    found = [row.score(way, name) for row in rows if row.iteration > 0]
    known = [score for score in found if score is not None]
    best = max if task.figure(name).is_higher_better else min
    return best(known, default=None)


def cost(task: Task, name: str, score: float | None, best: float | None) -> float | None:
    """By how much ``score`` is worse than ``best``; None if one of them is not known."""
    if score is None or best is None:
        return None
    return best - score if task.figure(name).is_higher_better else score - best
