"""Which samples are clipped: flat tops too many or too clear to be chance, and all that is as high."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from dap_stream.core.array_types import F64
from dap_stream.processors.declip.flat_tops import (
    TOLERANCES,
    FlatTops,
    flat_tops,
    local_maximum,
    quantisation_step,
)
from dap_stream.processors.declip.known_ceilings import Key, KnownCeilings, counts, odds

_ENOUGH = 20.0
"""Natural log of odds: one mistake in 5e8 tops, of which an hour has about 1e5."""
_OF_ITS_OWN = 4.0
"""Evidence of a top that is taken for clipped at another level than its neighbours, or begins a level."""
_NEAR = 1.12  # 1 dB: levels of flat tops that count together, while somebody rides the gain
_SAME = 1.01
_MOST_CLIPPED = 0.92  # of the samples around one; beyond, nothing is left to reconstruct it from
UP, DOWN = 1, -1
SIDES = (UP, DOWN)


def clipped(
    audio: F64, decided: range, reach: int, n_around: int, known: KnownCeilings, sensitivity: float
) -> NDArray[np.int8]:
    """`UP` where a sample is clipped above, `DOWN` below, 0 elsewhere.

    Parameters
    ----------
    audio
        ``[n]`` of one channel.
    decided
        Columns of it that are wanted. The others are looked at, as is what is known of earlier ones.
    reach
        Samples on both sides within which nothing is higher than a clipped sample.
    n_around
        Samples of which some have to be reliable.
    known
        Of this channel; gets the tops of ``decided``, unless a first pass has told all.
    sensitivity
        Divides the evidence that is needed.

    Returns
    -------
    numpy.ndarray
        ``[len(decided)]``.
    """
    sides = np.zeros(len(audio), np.int8)
    for side in SIDES:
        sides[_at_ceiling(audio * side, decided, reach, known, side, _ENOUGH / sensitivity)] = side
    if sides[decided.start : decided.stop].any():
        share = uniform_filter1d((sides != 0).astype(np.float64), n_around, mode="nearest")
        sides[share > _MOST_CLIPPED] = 0
    return sides[decided.start : decided.stop]


def _at_ceiling(
    audio: F64, decided: range, reach: int, known: KnownCeilings, side: int, enough: float
) -> NDArray[np.bool_]:
    """Samples that are at least as high as an accepted top near them, less its tolerance."""
    is_at = np.zeros(len(audio), np.bool_)
    if audio.max() == audio.min():
        return is_at
    step, highest = quantisation_step(audio), local_maximum(audio, reach)
    most, best = 0.0, None
    for tolerance in TOLERANCES:
        tops = flat_tops(audio, highest, tolerance, step)
        key = (side, tolerance)
        is_new = tops.start >= decided.start
        total, by_number = _odds(tops, known, key, is_new)
        is_sure = tops.evidence >= _OF_ITS_OWN
        is_level = (is_sure & (total >= enough)) | ((by_number >= enough) & (tops.n_samples > 1))
        levels = np.concatenate((known.levels(key, tops.level, enough), tops.level[is_level]))
        is_taken = (total >= enough) & (is_sure | _is_at(tops, levels))
        if not known.is_complete:
            known.add(key, tops, is_new & (tops.start < decided.stop))
        # Too coarse a tolerance says less of each top, and takes reliable samples for clipped ones.
        told = float(np.sum(tops.evidence[is_taken]) + np.count_nonzero(is_taken))
        if told > most:
            most, best = told, (tops, np.flatnonzero(is_taken))
    if best is not None:
        tops, taken = best
        for i in taken:
            near = slice(max(tops.start[i] - reach, 0), tops.stop[i] + reach)
            is_at[near] |= audio[near] >= tops.level[i] - tops.tolerance
    return is_at


def _odds(tops: FlatTops, known: KnownCeilings, key: Key, is_new: NDArray[np.bool_]) -> tuple[F64, F64]:
    """Of each top, from all that is known of its level and what is still to be added; and by number alone."""
    sums = known.counts(key, tops.level)
    here = np.zeros_like(sums) if known.is_complete else counts(tops) * is_new[:, None]
    flat, touching = sums + _near(tops.level, here, _NEAR), sums + _near(tops.level, here, _SAME)
    return odds(flat, touching), odds(np.zeros_like(flat), touching)


def _near(levels: F64, values: F64, ratio: float) -> F64:
    """Sums of ``values`` ``[n, m]`` over all with a level up to ``ratio`` from that of each."""
    size = np.log(np.abs(levels) + 1e-30)
    order = np.argsort(size)
    summed = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values[order], axis=0)))
    low, high = (np.searchsorted(size[order], size + sign * np.log(ratio)) for sign in (-1, 1))
    return np.asarray(summed[high] - summed[low])


def _is_at(tops: FlatTops, levels: F64) -> NDArray[np.bool_]:
    """Whether a top is just as high as one of ``levels``."""
    if not len(levels):
        return np.zeros(len(tops.level), np.bool_)
    levels = np.sort(levels)
    above = np.clip(np.searchsorted(levels, tops.level), 0, len(levels) - 1)
    below = np.maximum(above - 1, 0)
    nearest = np.minimum(np.abs(levels[above] - tops.level), np.abs(levels[below] - tops.level))
    return np.asarray(nearest <= tops.tolerance)
