"""Results of a study: one row for each sample, one for each stop rule, and which sample is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dap_stream.apps.study.settings import StudySettings
from dap_stream.dsp.metrics import PESQ, SCORES, SI_SDR, Scores

LAST = "last"  # the rule that never stops
WAYS = ("gain", "magnitude")


@dataclass(frozen=True)
class Row:
    """A sample. Iteration 0 is the noisy excerpt itself, in both ways. Without a reference no scores."""

    iteration: int
    seconds: float  # of fitting so far
    train_loss: float | None
    heldout_loss: float | None
    moving_variance: float | None
    gain: Scores
    magnitude: Scores

    def flat(self) -> dict[str, float | None]:
        """As in the table: one name for each number."""
        values = asdict(self)
        scores = {way: values.pop(way) for way in WAYS}
        return values | {f"{way}_{name}": scores[way].get(name) for way in WAYS for name in SCORES}


@dataclass(frozen=True)
class Stop:
    """Where a rule stops, and the scores there.

    ``iteration`` is None if it has seen too little; ``decided_at``, when it knew, if the fit ended before.
    """

    rule: str
    iteration: int | None
    decided_at: int | None
    gain: Scores
    magnitude: Scores

    def flat(self, rows: Sequence[Row]) -> dict[str, Any]:
        """As in the table, with the best of all samples and what stopping here costs against it."""
        cells: dict[str, Any] = {
            "rule": self.rule,
            "iteration": self.iteration,
            "decided_at": self.decided_at,
        }
        for way in WAYS:
            for name in SCORES:
                score = getattr(self, way).get(name)
                best = best_score(rows, way, name)
                cost = None if score is None or best is None else best - score
                key = f"{way}_{name}"
                cells |= {key: score, f"best_{key}": best, f"cost_{key}": cost}
        return cells


@dataclass(frozen=True)
class StudyResult:
    """All of it. ``best`` is the iteration of the best sample, by the score ``best_by``."""

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
    def is_complete(self) -> bool:
        """Whether the fit got to its end."""
        return self.iterations >= self.settings.iterations

    @property
    def samples(self) -> tuple[Row, ...]:
        """The rows without that of the noisy excerpt."""
        return self.rows[1:]

    @property
    def best_by(self) -> str | None:
        """The score that says which sample is best; None if there is none."""
        for name in (PESQ, SI_SDR):
            if self.samples and all(row.gain.get(name) is not None for row in self.samples):
                return name
        return None

    @property
    def best(self) -> int | None:
        """Iteration of the best sample by its gain; None without scores."""
        name = self.best_by
        if name is None:
            return None
        scores = {row.iteration: row.gain[name] for row in self.samples}
        return max(scores, key=lambda iteration: scores[iteration] or 0.0)

    def stop(self, rule: str) -> Stop | None:
        """Where this rule stops, if it does."""
        return next((stop for stop in self.stops if stop.rule == rule and stop.iteration is not None), None)


def best_score(rows: Sequence[Row], way: str, name: str) -> float | None:
    """Over all samples; the noisy excerpt is none."""
    scores = [getattr(row, way).get(name) for row in rows if row.iteration > 0]
    return max((score for score in scores if score is not None), default=None)
