"""Knowledge of the ceilings of a channel: counts of all tops so far, by level, and their odds."""

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
_EVIDENCE, _LONGER, _SINGLE, _CHANCE = range(4)
_LEAST_EXPECTED = 0.05
_LEAST_SINGLE = 3
_LEAST_MIXED = 0.05


def counts(tops: FlatTops) -> F64:
    """Counts that each top adds to those of its level, ``[n, 4]``: to be summed, for `odds`."""
    is_longer = tops.n_samples > 1
    return np.stack((tops.evidence, is_longer, ~is_longer, tops.chance), axis=-1).astype(np.float64)


def odds(flat: F64, touching: F64) -> F64:
    """Natural log of the odds that a level is a ceiling, from sums of `counts` ``[n, 4]``.

    Parameters
    ----------
    flat
        Their evidence counts: tops of about the level.
    touching
        Their numbers count: tops of just that level. Peaks at a ceiling are cut at any place of their round,
        so that some touch it with one sample and some with more. Where a limiter or chance made peaks equally
        high, more than one sample is as rare as ``chance`` says; a tone in step with the sampling has as many
        samples on each of its peaks.

    Returns
    -------
    numpy.ndarray
        ``[n]``.
    """
    longer, single = touching[:, _LONGER], touching[:, _SINGLE]
    expected = touching[:, _CHANCE] + _LEAST_EXPECTED
    # Of a Poisson distribution (Chernoff's bound).
    rare = longer * np.log(np.maximum(longer, expected) / expected) - np.maximum(longer - expected, 0.0)
    is_mixed = (single >= _LEAST_SINGLE) & (single >= _LEAST_MIXED * longer)
    return np.asarray(flat[:, _EVIDENCE] + np.where(is_mixed, rare, 0.0))


class KnownCeilings:
    """Sums of counts, from a first pass or on the way; memory is bounded."""

    def __init__(self) -> None:
        self._sums: dict[Key, dict[int, F64]] = {}
        self._levels: dict[Key, dict[int, float]] = {}  # of the highest top with more than one sample
        self.is_complete = False
        """A first pass has seen the whole recording: nothing is added any more."""

    def add(self, key: Key, tops: FlatTops, is_counted: NDArray[np.bool_]) -> None:
        """Count some of these; each may be counted once."""
        sums, levels = self._sums.setdefault(key, {}), self._levels.setdefault(key, {})
        each_counts = counts(tops)
        for i, place in zip(np.flatnonzero(is_counted), _places(tops.level[is_counted]), strict=True):
            level = float(tops.level[i])
            sums[place] = sums.get(place, 0.0) + each_counts[i]
            if tops.n_samples[i] > 1:
                levels[place] = max(levels.get(place, level), level)
        if len(sums) > _MOST_LEVELS:
            places = sorted(sums, key=lambda place: -float(sums[place][_LONGER]))[: _MOST_LEVELS // 2]
            self._sums[key] = {place: sums[place] for place in places}
            self._levels[key] = {place: levels[place] for place in places if place in levels}

    def counts(self, key: Key, levels: F64) -> F64:
        """Sums ``[n, 4]`` for levels within 1 % or so of these ``[n]``."""
        sums, none = self._sums.get(key, {}), np.zeros(4)
        # Many of the levels of a window are the same one here.
        places, which = np.unique(_places(levels), return_inverse=True)
        found = [
            sums.get(each - 1, none) + sums.get(each, none) + sums.get(each + 1, none)
            for each in places.tolist()
        ]
        return np.array(found).reshape(-1, 4)[which]

    def levels(self, key: Key, levels: F64, enough: float) -> F64:
        """Those with odds of ``enough`` that are near to some of these ``levels``."""
        known = self._levels.get(key, {})
        places = {each + i for each in set(_places(levels)) for i in (-1, 0, 1)}
        found = np.array([known[place] for place in places if place in known])
        sums = self.counts(key, found)
        return np.asarray(found[odds(sums, sums) >= enough])

    def copy(self) -> KnownCeilings:
        """Another one, which goes its own way."""
        return copy.deepcopy(self)


def _places(levels: F64) -> list[int]:
    places: list[int] = np.rint(np.log(np.abs(levels) + 1e-30) * _LEVELS_PER_UNIT).astype(np.int64).tolist()
    return places
