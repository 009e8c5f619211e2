"""Where a recording ends in frequency, and how that changes in the course of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.dsp.band_limit import BandLimit, SpectrumSums

SEGMENT_S = 1.0
WINDOW = 10  # segments that are looked at together
CERTAIN_S = 3.0  # of sound in them, to decide
LEAST_S = 0.8  # of sound in a recording that has no more
_RANGE = 1e-5  # below the loudest frame so far: what is softer does not count
_FALL_DB_S = 0.5  # by which that loudness falls meanwhile
_SAME = 0.06  # limits that differ by less are one


def is_same(one: BandLimit | None, other: BandLimit | None) -> bool:
    """Whether both are one limit, but for how exactly it was seen."""
    if one is None or other is None:
        return one is other
    return abs(one.end_hz - other.end_hz) < _SAME * one.end_hz


@dataclass(frozen=True)
class Decision:
    """On the newest segments: whether there was enough to decide, and the limit."""

    is_certain: bool
    limit: BandLimit | None


class LimitTracker:
    """Looks at the frames of one channel, segment by segment.

    Parameters
    ----------
    n_bins, bin_hz
        Of the frames.
    hop_s
        Seconds between them.
    """

    def __init__(self, n_bins: int, bin_hz: float, hop_s: float) -> None:
        self._n_bins, self._bin_hz, self._hop_s = n_bins, bin_hz, hop_s
        self.n_frames = max(round(SEGMENT_S / hop_s), 1)  # of a segment
        self._fall = 10.0 ** (-_FALL_DB_S * hop_s / 10.0)
        self._loudest = 0.0
        self._segments: deque[SpectrumSums] = deque([SpectrumSums(n_bins)], maxlen=WINDOW)
        self._filled = 0  # frames of the newest segment

    def advance(self, power: F32) -> list[Decision]:
        """Power ``[frames, bins]`` in the Hann window; decisions on the segments that are complete now."""
        decisions = []
        while len(power):
            take = min(self.n_frames - self._filled, len(power))
            self._add(power[:take].astype(np.float64))
            self._filled += take
            power = power[take:]
            if self._filled == self.n_frames:
                decisions.append(self.decide(CERTAIN_S))
                self._segments.append(SpectrumSums(self._n_bins))
                self._filled = 0
        return decisions

    def _add(self, power: F64) -> None:
        total = power.sum(axis=1)
        is_active = np.empty(len(total), np.bool_)
        for i, each in enumerate(total):
            self._loudest = max(self._loudest * self._fall, each)
            is_active[i] = each > self._loudest * _RANGE
        if is_active.any():
            self._segments[-1].add(power[is_active])

    def decide(self, least_s: float) -> Decision:
        """On the newest segments, if there are ``least_s`` seconds of sound in them."""
        sums = SpectrumSums(self._n_bins)
        for each in self._segments:
            sums += each
        if sums.n_frames * self._hop_s < least_s:
            return Decision(False, None)
        return Decision(True, sums.limit(self._bin_hz))


class LimitPlan:
    """Limits of all segments of a recording that was heard to its end.

    Parameters
    ----------
    limits
        Of each segment.
    n_frames
        Frames of one; the last limit stays.
    """

    def __init__(self, limits: Sequence[BandLimit | None], n_frames: int) -> None:
        self._limits, self._n_frames = tuple(limits), n_frames

    def at(self, frame: int) -> BandLimit | None:
        """The limit at a frame."""
        if not self._limits:
            return None
        return self._limits[min(frame // self._n_frames, len(self._limits) - 1)]

    @property
    def is_empty(self) -> bool:
        """Whether no segment has a limit."""
        return not any(self._limits)


def plan_of(decisions: Sequence[Decision], at_end: Decision, n_frames: int) -> LimitPlan:
    """The limit of each segment from the decisions at the end of each, and that at the end of all.

    A segment has the limit that was found with it among the newest ones: so a stretch cut from elsewhere is
    known up to its ends. Where nothing could be decided it is as before it.
    """
    decided = [*decisions, at_end]
    limits: list[BandLimit | None] = [None] * len(decided)
    is_open = [False] * len(decided)
    last: BandLimit | None = None
    for i, decision in enumerate(decided):
        if decision.limit is not None:
            last = last if is_same(last, decision.limit) else decision.limit
            for j in range(max(i - WINDOW + 1, 0), i + 1):
                limits[j] = limits[j] or last
        elif decision.is_certain:
            is_open[i] = True
    before: BandLimit | None = None
    for i, limit in enumerate(limits):
        if limit is None and not is_open[i]:
            limits[i] = before
        before = limits[i]
    return LimitPlan(limits, n_frames)
