"""Which series are in a stream now, and over a whole recording, where each of them is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dap_stream.core.array_types import F64
from dap_stream.core.finite import finite
from dap_stream.core.streams import SeekableSource
from dap_stream.processors.dehum.lines import HOP_S, WINDOW_S, Spectra, find_lines
from dap_stream.processors.dehum.series import WEAK_DB, Series, find_series
from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.findings import RepairModel

LONG_S = 20.0  # no note is held as steadily; "tens of seconds"
SHORT_S = 8.0  # is enough for mains, which is known by its frequencies
_LEAST_S = 4.0  # of a whole recording
_SURE_S = 9.5  # of a whole recording, for a tone that is not mains
_EVERY_S = 2.0  # from one decision to the next
_SHORT_DB = 4.0  # more prominence than in a long time, since a quantile of few windows is less sure
_SAME_HZ, _SAME_PART = 0.4, 0.004  # drift from one decision to the next


def _windows(seconds: float) -> int:
    return int((seconds - WINDOW_S) / HOP_S) + 1


def is_same(one: Series, other: Series) -> bool:
    """Whether two series of neighbouring times are one that drifts."""
    apart = abs(one.fundamental_hz - other.fundamental_hz)
    return apart <= max(_SAME_HZ, _SAME_PART * one.fundamental_hz)


class Watcher:
    """Looks for series in a stream, the newest seconds of which it remembers.

    Parameters
    ----------
    sample_rate
        Hz.
    settings
        Which tones are wanted.
    """

    def __init__(self, sample_rate: int, settings: DehumSettings) -> None:
        self._sample_rate, self._settings = sample_rate, settings
        self._spectra = Spectra(sample_rate, _windows(LONG_S))
        self._n_windows = self._due = 0
        self.series: tuple[Series, ...] = ()
        self.span_s = (0.0, 0.0)
        """Time of the last decision: what is in ``series`` was there in it."""

    def feed(self, audio: F64, is_end: bool = False) -> bool:
        """Take the next samples ``[channels, n]``; whether there was a new decision."""
        self._n_windows += self._spectra.feed(audio)
        if not is_end and self._n_windows < self._due:
            return False
        self._due = self._n_windows + round(_EVERY_S / HOP_S)
        return self._decide(is_end)

    def _decide(self, is_end: bool) -> bool:
        long = self._spectra.last(_windows(LONG_S))
        n_short = _windows(SHORT_S)
        is_whole = is_end and self._n_windows == len(long)  # all of the recording is here
        if len(long) < (_windows(_LEAST_S) if is_whole else n_short):
            return False
        span = max(len(long), n_short) if is_whole else n_short
        tones, rate, resolution = self._settings.tones, self._sample_rate, self._spectra.resolution_hz
        is_long, is_sure = len(long) == _windows(LONG_S), is_whole and len(long) >= _windows(_SURE_S)
        series = find_series(find_lines(long, resolution, WEAK_DB), rate, tones, is_long, is_sure)
        if is_long:
            short = find_lines(long[-n_short:], resolution, WEAK_DB + _SHORT_DB)
            for each in find_series(short, rate, tones, False, False):
                if not any(is_same(each, other) for other in series):
                    series.append(each)
        self.series = tuple(series)
        span = len(long)
        end_s = (self._n_windows - 1) * HOP_S + WINDOW_S
        self.span_s = (end_s - (span - 1) * HOP_S - WINDOW_S, end_s)
        return True


@dataclass
class Stretch:
    """Where a series is in a recording.

    Parameters
    ----------
    start_s, end_s
        From when until when.
    course
        It, from one second to the next.
    """

    start_s: float
    end_s: float
    course: list[tuple[float, Series]] = field(default_factory=list)

    def at(self, seconds: float) -> Series:
        """The series as it is then."""
        return min(self.course, key=lambda each: abs(each[0] - seconds))[1]


class HumModel(RepairModel):
    """What the first of two passes found."""

    def __init__(self) -> None:
        super().__init__()
        self.stretches: list[Stretch] | None = None  # None: there was no first pass

    def reset(self) -> None:
        """Forget it all."""
        super().reset()
        self.stretches = None

    def series_at(self, start_s: float, end_s: float) -> tuple[Series, ...]:
        """All that are there in some part of this time."""
        middle_s = (start_s + end_s) / 2.0
        return tuple(
            each.at(middle_s)
            for each in self.stretches or ()
            if each.start_s <= end_s and start_s <= each.end_s
        )


def joined(
    stretches: Sequence[Stretch], series: Sequence[Series], span_s: tuple[float, float]
) -> list[Stretch]:
    """``stretches`` with what a decision found in its time."""
    made = list(stretches)
    start_s, end_s = span_s
    for each in series:
        for stretch in made:
            if stretch.end_s >= start_s and is_same(stretch.course[-1][1], each):
                stretch.end_s = max(stretch.end_s, end_s)
                stretch.course.append(((start_s + end_s) / 2.0, each))
                break
        else:
            made.append(Stretch(start_s, end_s, [((start_s + end_s) / 2.0, each)]))
    return made


def survey(
    settings: DehumSettings,
    model: HumModel,
    source: SeekableSource,
    progress: Callable[[float], None] | None,
) -> None:
    """Look through a whole recording for hum, and tell ``model``."""
    watcher = Watcher(source.sample_rate, settings)
    stretches: list[Stretch] = []
    source.seek(0)
    n_read, n_samples, part = 0, source.n_samples, round(source.sample_rate * HOP_S)
    while True:
        audio = source.read(part)
        is_end = audio.shape[1] == 0
        if watcher.feed(finite(audio).astype("float64"), is_end):
            stretches = joined(stretches, watcher.series, watcher.span_s)
        n_read += audio.shape[1]
        if progress is not None and n_samples:
            progress(min(n_read / n_samples, 1.0))
        if is_end:
            break
    model.stretches = stretches
