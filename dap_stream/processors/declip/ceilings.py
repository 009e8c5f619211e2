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
from dap_stream.processors.declip.known_ceilings import KnownCeilings

_ENOUGH = 20.0
"""Natural log of odds: one mistake in 5e8 tops, of which an hour has about 1e5."""
_NEAR = 1.12  # 1 dB: levels of neighbours that count together, while somebody rides the gain
_MOST_CLIPPED = 0.85  # of the samples around one; beyond, nothing is left to reconstruct it from
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
    is_found = False
    for tolerance in TOLERANCES:
        tops = flat_tops(audio, highest, tolerance, step)
        key = (side, tolerance)
        is_new = tops.start >= decided.start
        total = known.evidence(key, tops.level)
        if not known.is_complete:
            total += _near(tops, is_new)
            known.add(key, tops, is_new & (tops.start < decided.stop))
        if is_found:  # a coarser tolerance would take reliable samples for clipped ones
            continue
        for i in np.flatnonzero((total >= enough) & (tops.evidence > 0.0)):
            near = slice(max(tops.start[i] - reach, 0), tops.stop[i] + reach)
            is_at[near] |= audio[near] >= tops.level[i] - tops.tolerance
            is_found = True
    return is_at


def _near(tops: FlatTops, is_counted: NDArray[np.bool_]) -> F64:
    """Evidence of all counted tops of about the level of each."""
    size = np.log(np.abs(tops.level) + 1e-30)
    order = np.argsort(size)
    summed = np.concatenate(([0.0], np.cumsum((tops.evidence * is_counted)[order])))
    low, high = (np.searchsorted(size[order], size + sign * np.log(_NEAR)) for sign in (-1, 1))
    return np.asarray(summed[high] - summed[low])
