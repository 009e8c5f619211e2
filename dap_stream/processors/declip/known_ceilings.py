"""What is known of the ceilings of a channel: the evidence of all flat tops so far, by level."""

from __future__ import annotations

import copy
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dap_stream.core.array_types import F64
from dap_stream.processors.declip.flat_tops import FlatTops

Key: TypeAlias = tuple[int, float]
"""Side and tolerance."""

_LEVELS_PER_UNIT = 100.0  # steps of 1 % in which levels count as the same one
_MOST_LEVELS = 500


class KnownCeilings:
    """Sums of evidence, from a first pass or on the way; memory is bounded."""

    def __init__(self) -> None:
        self._evidence: dict[Key, dict[int, float]] = {}
        self.is_complete = False
        """A first pass has seen the whole recording: nothing is added any more."""

    def add(self, key: Key, tops: FlatTops, is_counted: NDArray[np.bool_]) -> None:
        """Count some of these; each may be counted once."""
        sums = self._evidence.setdefault(key, {})
        for i in np.flatnonzero(is_counted & (tops.evidence > 0.0)):
            place = _place(tops.level[i])
            sums[place] = sums.get(place, 0.0) + float(tops.evidence[i])
        if len(sums) > _MOST_LEVELS:
            most = sorted(sums.items(), key=lambda item: -item[1])[: _MOST_LEVELS // 2]
            self._evidence[key] = dict(most)

    def evidence(self, key: Key, levels: F64) -> F64:
        """What is known for levels within 1 % or so of these."""
        sums = self._evidence.get(key)
        if not sums:
            return np.zeros(len(levels))
        places = [_place(level) for level in levels]
        return np.array([sum(sums.get(place + i, 0.0) for i in (-1, 0, 1)) for place in places])

    def copy(self) -> KnownCeilings:
        """Another one, which goes its own way."""
        return copy.deepcopy(self)


def _place(level: float) -> int:
    return round(float(np.log(abs(level) + 1e-30)) * _LEVELS_PER_UNIT)
