"""Settings of a study, and when it keeps a sample."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dap_stream.apps.study.early_stopping import VARIANCE_PATIENCE, WINDOW
from dap_stream.apps.study.tasks import DENOISE, INPAINT, SUPERRES, TASKS
from dap_stream.errors import SettingError
from dap_stream.models.registry import DEEP_PRIORS, DEVICES

ITERATIONS = 2000
MOST_ITERATIONS = 1_000_000
EXCERPT_S, LEAST_S, MOST_S = 8.0, 0.5, 60.0
MOST_SAMPLES = 60 * 48_000  # takes 1.5 GB with dcgan, 3.5 GB with skip
HOLE_S, N_HOLES = 0.2, 3  # unless others are asked for
LEAST_HOLE_S = 0.02  # less lies between the centres of two frames
MOST_HOLES = 0.5  # of the excerpt
LIMIT_HZ, LEAST_LIMIT_HZ = 4000.0, 500.0
MOST_LIMIT = 0.9  # of half the sample rate: above there is hardly a bin
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

    ``task`` is ``denoise``, ``inpaint`` (``holes``, from second to second of the recording, are muted and
    filled) or ``superres`` (what lies above ``limit_hz`` is taken away and made); `for_excerpt` has the
    defaults of both.

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
    task: str = DENOISE.name
    holes: tuple[tuple[float, float], ...] | None = None
    limit_hz: float | None = None

    def __post_init__(self) -> None:
        _check_choice("generator", self.generator, DEEP_PRIORS)
        _check_choice("task", self.task, TASKS)
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

        self._check_damage()

    def _check_damage(self) -> None:
        if self.holes is not None:
            if self.task != INPAINT.name:
                raise SettingError(f"holes are for task={INPAINT.name} only, not for task={self.task}")
            if not self.holes:
                raise SettingError("holes=() must have at least one hole, such as 1.2-1.4")
            for hole in self.holes:
                # Written so that NaN is refused too. A little less than least is rounding.
                if not hole[1] - hole[0] >= LEAST_HOLE_S - 1e-9:
                    raise SettingError(
                        f"hole {_seconds(hole)} must end at least {LEAST_HOLE_S:g} s after it begins"
                    )
        if self.limit_hz is not None:
            if self.task != SUPERRES.name:
                raise SettingError(f"limit_hz is for task={SUPERRES.name} only, not for task={self.task}")
            if not self.limit_hz >= LEAST_LIMIT_HZ:
                raise SettingError(f"limit_hz={self.limit_hz:g} must be at least {LEAST_LIMIT_HZ:g} Hz")

    def for_excerpt(self, seconds: float, sample_rate: int) -> StudySettings:
        """These for an excerpt of that many seconds: with its holes in order or its limit, by default if
        there are none; SettingError if they do not fit into it.
        """
        if self.task == INPAINT.name:
            return replace(self, holes=self._fitting_holes(seconds))
        if self.task == SUPERRES.name:
            return replace(self, limit_hz=self._fitting_limit_hz(sample_rate))
        return self

    def _fitting_holes(self, seconds: float) -> tuple[tuple[float, float], ...]:
        begin_s, end_s = self.start_s, self.start_s + seconds
        if self.holes is None:
            half = 0.5 * min(HOLE_S, 0.1 * seconds)
            centres = [begin_s + seconds * (i + 1) / (N_HOLES + 1) for i in range(N_HOLES)]
            return tuple((round(centre - half, 3), round(centre + half, 3)) for centre in centres)
        for hole in self.holes:
            if not (begin_s <= hole[0] and hole[1] <= end_s):
                raise SettingError(
                    f"hole {_seconds(hole)} must lie in the excerpt, {_seconds((begin_s, end_s))}; "
                    "choose another hole or another start or end"
                )
        merged = _merged(self.holes)
        lost_s = sum(end - begin for begin, end in merged)
        if lost_s > MOST_HOLES * seconds:
            raise SettingError(
                f"holes of {lost_s:g} s must be at most {MOST_HOLES * seconds:g} s, half of the excerpt: "
                "the other half is learned from; choose shorter ones or a longer excerpt"
            )
        return merged

    def _fitting_limit_hz(self, sample_rate: int) -> float:
        if self.limit_hz is None:
            return min(LIMIT_HZ, 0.25 * sample_rate)
        most = MOST_LIMIT * 0.5 * sample_rate
        if self.limit_hz > most:
            raise SettingError(
                f"limit_hz={self.limit_hz:g} must be at most {most:g} Hz in a recording of {sample_rate} Hz: "
                "what lies above is made, and can be compared"
            )
        return self.limit_hz

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


def _check_choice(name: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        close = difflib.get_close_matches(str(value), choices, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise SettingError(f"{name}={value!r} must be one of {', '.join(choices)}{hint}")


def _seconds(stretch: tuple[float, float]) -> str:
    return f"{stretch[0]:g}-{stretch[1]:g} s"


def _merged(holes: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """In order, those that touch as one.

    >>> _merged([(2.0, 2.1), (1.2, 1.4), (1.3, 1.5)])
    ((1.2, 1.5), (2.0, 2.1))
    """
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(holes):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return tuple(merged)
