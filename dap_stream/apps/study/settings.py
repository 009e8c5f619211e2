"""Settings of a study, and when it keeps a sample."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from dap_stream.apps.study.early_stopping import VARIANCE_PATIENCE, WINDOW
from dap_stream.errors import SettingError
from dap_stream.models.registry import DEEP_PRIORS, DEVICES

ITERATIONS = 2000
MOST_ITERATIONS = 1_000_000
EXCERPT_S, LEAST_S, MOST_S = 8.0, 0.5, 60.0
MOST_SAMPLES = 60 * 48_000  # takes 1.5 GB with dcgan, 3.5 GB with skip
_MARKS = {1: (1.0, 2.0, 5.0), 10: (1.0, 2.0, 3.0, 5.0, 7.0)}  # of a decade; the later ones:
_LATER_MARKS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


def default_samples(iterations: int) -> tuple[int, ...]:
    """Iterations to keep a sample at: about evenly on a logarithmic scale, the last one included.

    >>> default_samples(400)
    (1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300, 400)
    """
    samples, decade = {iterations}, 1
    while decade <= iterations:
        samples.update(int(mark * decade) for mark in _MARKS.get(decade, _LATER_MARKS))
        decade *= 10
    return tuple(sorted(sample for sample in samples if sample <= iterations))


@dataclass(frozen=True)
class StudySettings:
    """Settings of a study: what to fit to what, and for how long.

    ``samples`` are iterations, None for `default_samples`. The excerpt is ``start_s .. end_s`` of the
    recording, its first seconds unless given. ``window`` and ``patience`` are those of the moving
    variance; a wider window is steadier and later.
    """

    generator: str = "dcgan"
    iterations: int = ITERATIONS
    samples: tuple[int, ...] | None = None
    start_s: float = 0.0
    end_s: float | None = None
    seed: int = 0
    device: str = "auto"
    window: int = WINDOW
    patience: int = VARIANCE_PATIENCE

    def __post_init__(self) -> None:
        if self.generator not in DEEP_PRIORS:
            close = difflib.get_close_matches(str(self.generator), DEEP_PRIORS, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise SettingError(f"generator={self.generator!r} must be one of {', '.join(DEEP_PRIORS)}{hint}")
        if self.device not in DEVICES:
            raise SettingError(f"device={self.device!r} must be one of {', '.join(DEVICES)}")
        for name, most in (
            ("iterations", MOST_ITERATIONS),
            ("window", 10_000),
            ("patience", MOST_ITERATIONS),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise SettingError(f"{name}={getattr(self, name)} must be in 1..{most}")
        if not 0 <= self.seed < 2**31:
            raise SettingError(f"seed={self.seed} must be in 0..{2**31 - 1}")
        for sample in self.kept:
            if not 1 <= sample <= self.iterations:
                raise SettingError(
                    f"samples={sample} must be in 1..{self.iterations}, the iterations of the fit"
                )
        if self.start_s < 0.0:
            raise SettingError(f"start={self.start_s:g} s must be at least 0 s")
        if self.end_s is not None and not LEAST_S <= self.end_s - self.start_s <= MOST_S:
            raise SettingError(
                f"an excerpt of {self.end_s - self.start_s:g} s must be {LEAST_S:g} to {MOST_S:g} s long; "
                "choose another start or end"
            )

    @property
    def kept(self) -> tuple[int, ...]:
        """Iterations to keep a sample at, in order, each once."""
        if self.samples is None:
            return default_samples(self.iterations)
        return tuple(sorted(set(self.samples)))

    @property
    def end(self) -> float:
        """End of the excerpt in seconds, as far as the recording goes."""
        return self.start_s + EXCERPT_S if self.end_s is None else self.end_s
