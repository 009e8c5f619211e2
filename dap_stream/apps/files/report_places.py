"""Where most was taken from a recording, and which stretches of it a report holds as sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.dsp.loudness import STEP_S, to_lufs

MOST_PLACES = 10
WHOLE_S = 60.0  # a recording shorter than this is held whole
PLACE_S, LEAST_PLACE_S = 6.0, 0.5
_SILENCE = 1e-12


@dataclass(frozen=True)
class Place:
    """A stretch of a recording: loudness of what was taken there, and by how much it became softer."""

    start_s: float
    seconds: float
    removed_lufs: float
    reduction_db: float


@dataclass(frozen=True)
class Segment:
    """A stretch that is held as sound."""

    start_s: float
    seconds: float


def reduction_db(before: F64, after: F64) -> F64:
    """By how much each step became softer, in dB; 0 where there was silence."""
    is_sound = before > _SILENCE
    ratio = np.where(is_sound, before, 1.0) / np.where(is_sound, np.maximum(after, before * 1e-8), 1.0)
    return np.asarray(10.0 * np.log10(ratio))


def most_taken(before: F64, after: F64, removed: F64, seconds: float) -> list[Place]:
    """At most `MOST_PLACES` that do not overlap, the one where most was taken first.

    Parameters
    ----------
    before, after, removed
        K-weighted power of each `STEP_S`.
    seconds
        Length of the recording.

    Returns
    -------
    list of Place
        Fewer in a short recording, none where nothing was taken.
    """
    length_s = (
        PLACE_S if seconds >= WHOLE_S else max(min(PLACE_S / 2.0, seconds / MOST_PLACES), LEAST_PLACE_S)
    )
    n = max(min(round(length_s / STEP_S), len(removed)), 1)
    if not len(removed):
        return []
    sums = {name: _moving(each, n) for name, each in zip("bar", (before, after, removed), strict=True)}
    taken = sums["r"].copy()
    found: list[Place] = []
    while len(found) < MOST_PLACES and taken.max() > _SILENCE:
        i = int(np.argmax(taken))
        change = reduction_db(sums["b"][i : i + 1], sums["a"][i : i + 1])[0]
        level = float(to_lufs(sums["r"][i]))
        found.append(Place(i * STEP_S, min(n * STEP_S, seconds - i * STEP_S), level, float(change)))
        taken[max(i - n + 1, 0) : i + n] = 0.0
    return found


def _moving(power: F64, n: int) -> F64:
    return np.convolve(power, np.full(n, 1.0 / n), "valid")


def held(places: list[Place], seconds: float) -> list[Segment]:
    """The whole recording if it is short, else the places, in order of time."""
    if seconds <= WHOLE_S or not places:
        return [Segment(0.0, min(seconds, WHOLE_S))]
    return [Segment(place.start_s, place.seconds) for place in sorted(places, key=lambda each: each.start_s)]
