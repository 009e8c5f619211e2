"""Which series are in a stream now, and over a whole recording, where each of them is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dap_stream.core.array_types import F64
from dap_stream.core.finite import finite
from dap_stream.core.streams import SeekableSource
from dap_stream.processors.dehum.lines import HOP_S, WINDOW_S, Search, Spectra
from dap_stream.processors.dehum.series import WEAK_DB, Series, find_series
from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.findings import RepairModel

LONG_S = 20.0  # no note is held as steadily; "tens of seconds"
SHORT_S = 8.0  # is enough for mains, which is known by its frequencies
_LEAST_S = 4.0  # of a whole recording
_SURE_S = 9.5  # of a whole recording, for a tone that is not mains
_EVERY_S = 4.0  # from one decision to the next
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
    n_parts
        Calls of `feed` that a decision is spread over.
    """

    def __init__(self, sample_rate: int, settings: DehumSettings, n_parts: int = 1) -> None:
        self._sample_rate, self._settings, self._n_parts = sample_rate, settings, n_parts
        self._spectra = Spectra(sample_rate, _windows(LONG_S))
        self._n_windows, self._due = 0, _windows(SHORT_S)
        self._searches: list[Search] = []  # the long one, and the short one
        self._n_done = 0
        self._span_s = (0.0, 0.0)
        self.series: tuple[Series, ...] = ()
        self.span_s = (0.0, 0.0)
        """Time of the last decision: what is in ``series`` was there in it."""

    def feed(self, audio: F64, is_end: bool = False) -> bool:
        """Take the next samples ``[channels, n]``; whether there is a new decision."""
        self._n_windows += self._spectra.feed(audio)
        if is_end or (self._n_windows >= self._due and not self._searches):
            self._due = self._n_windows + round(_EVERY_S / HOP_S)
            self._begin(is_end)
        if not self._searches:
            return False
        n_parts = 1 if is_end else self._n_parts
        for search in self._searches:
            search.part(self._n_done, n_parts)
        self._n_done += 1
        if self._n_done < n_parts:
            return False
        self.series = self._decided(is_end)
        self.span_s = self._span_s
        self._searches = []
        return True

    def _is_whole(self, is_end: bool) -> bool:
        """Whether all of the recording is remembered."""
        return is_end and self._n_windows <= _windows(LONG_S)

    def _begin(self, is_end: bool) -> None:
        """Begin a decision, if enough is known for one."""
        self._searches, self._n_done = [], 0
        n_short = _windows(SHORT_S)
        long = self._spectra.last(_windows(LONG_S))
        if len(long) < (_windows(_LEAST_S) if self._is_whole(is_end) else n_short):
            return
        resolution = self._spectra.resolution_hz
        self._searches = [Search(long, resolution, WEAK_DB)]
        if len(long) == _windows(LONG_S):
            self._searches.append(Search(long[-n_short:], resolution, WEAK_DB + _SHORT_DB))
        end_s = (self._n_windows - 1) * HOP_S + WINDOW_S
        self._span_s = (end_s - (len(long) - 1) * HOP_S - WINDOW_S, end_s)

    def _decided(self, is_end: bool) -> tuple[Series, ...]:
        tones, rate = self._settings.tones, self._sample_rate
        is_long = len(self._searches) > 1
        is_sure = self._is_whole(is_end) and self._n_windows >= _windows(_SURE_S)
        series = find_series(self._searches[0].lines(), rate, tones, is_long, is_sure)
        for search in self._searches[1:]:
            for each in find_series(search.lines(), rate, tones, False, False):
                if not any(is_same(each, other) for other in series):
                    series.append(each)
        return tuple(series)


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
    """Model of the repair of hum: all that the first of two passes found."""

    def __init__(self) -> None:
        super().__init__()
        self.stretches: list[Stretch] | None = None  # None: there was no first pass

    def reset(self) -> None:
        """Forget it all."""
        super().reset()
        self.stretches = None

    def series_at(self, start_s: float, end_s: float) -> tuple[Series, ...]:
        """All that are there in some part of this time, or near it: a decision sees most of a stretch."""
        middle_s = (start_s + end_s) / 2.0
        return tuple(
            each.at(middle_s)
            for each in self.stretches or ()
            if each.start_s - _EVERY_S <= end_s and start_s <= each.end_s + _EVERY_S
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
