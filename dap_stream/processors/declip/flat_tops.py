"""Flat tops: the runs of samples that a clipped peak leaves, and how much each says.

The peak of a sound that nothing has cut is round: where few samples lie within a small tolerance of its top,
those just beside it are hardly lower. A cut peak is flat, and steep right beside it. This holds at any level
and after any change of gain; it needs no full scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from dap_stream.core.array_types import F64

_LEAST_RUN = 3  # samples of a run that is flat; one or two may be the top of any peak
TOLERANCES = (0.0, 5e-4, 4e-3, 2e-2)
"""Of the size of the sound, beside two steps of its integers: exact; after slow fades, dither; after filters
or codecs; compressed tops."""
_STEPS = 2.0  # rounding and dither move a sample by one step, up or down
_LEAST = 1e-9  # of the size of the sound: rounding of floats after a change of gain
_ORDER = 8.0
"""A top ``height - |t|^p`` is within a tolerance for n samples, and ``(1 + 4 / n)^p`` times that lower two
samples beside them. What is steeper than for this p is no rounded top, even of a sound made of few partials
that is flat on purpose (p is 2 for nearly all)."""
_LEAST_CORNER = 12.0
_MOST_CORNER = np.exp(4.0)  # more than this many times steeper says no more
_LEAST_BEND = 0.25
"""The step to the flat top, of a sound that is on its way up, is at most 1 / this times the one before it;
a square wave jumps out of flatness."""
_MOST_GROWTH = 8.0
"""Times the size of the sound by which a parabola with the same flanks may exceed the top (a sine that was
clipped by 22 dB); beyond, it is a wave that is meant to be square."""
_MOST_SAMPLES = 16  # of a run that count
_MOST_STAIRS = 0.3  # of the samples below the tops that are equal to the one before: sums of square waves
_CHANCE = 6.0
"""A parabola that is lower by d two or three samples beside its top has a second sample within a tolerance of
the top with a probability of this, times the tolerance, over d."""


@dataclass(frozen=True)
class FlatTops:
    """Runs at local maxima, in their order.

    Parameters
    ----------
    start, stop
        First sample of each, and the one behind its last.
    level
        The highest sample of it.
    evidence
        Natural log of the odds that it is no rounded peak; 0 for those that may be, and for short ones.
    chance
        Probability that a rounded peak as steep has more than one sample within the tolerance.
    tolerance
        By how much samples of the run may be below the level.
    """

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    level: F64
    evidence: F64
    chance: F64
    tolerance: float

    @property
    def n_samples(self) -> NDArray[np.int64]:
        """Length of each."""
        return self.stop - self.start


def quantisation_step(audio: F64) -> float:
    """Smallest difference between values in the upper quarter of the range ``[n]``; if none, the range.

    Integers of any word length have it after a change of gain, and so does logarithmic PCM, which is
    coarser where it is louder.
    """
    high, low = float(audio.max()), float(audio.min())
    steps = np.diff(np.sort(audio[audio >= high - 0.25 * (high - low)]))
    steps = steps[steps > _LEAST * max(abs(high), abs(low))]
    return float(steps.min()) if len(steps) else high - low


def local_maximum(audio: F64, reach: int) -> F64:
    """The highest of the samples up to ``reach`` on both sides of each, ``[n]`` to ``[n]``."""
    return np.asarray(maximum_filter1d(audio, 2 * reach + 1, mode="nearest"))


def flat_tops(audio: F64, highest: F64, tolerance: float, step: float) -> FlatTops:
    """Runs of samples that are as high as the highest near them.

    Parameters
    ----------
    audio
        ``[n]``; give it with the other sign for the lower side.
    highest
        ``[n]``, its `local_maximum`.
    tolerance
        One of `TOLERANCES`.
    step
        Of the integers that the samples were once: `quantisation_step`.
    """
    size = 0.5 * float(audio.max() - audio.min())
    within = max(tolerance * size, _STEPS * step, _LEAST * float(np.abs(audio).max()))
    is_top = np.zeros(len(audio) + 2, np.int8)
    is_top[1:-1] = audio >= highest - within
    edges = np.flatnonzero(np.diff(is_top))
    start, stop = edges[::2], edges[1::2]
    # Two samples beside the run are looked at.
    is_seen = (start >= 2) & (stop + 2 <= len(audio))
    start, stop = start[is_seen], stop[is_seen]
    level = highest[start]
    n_samples = (stop - start).astype(np.float64)
    near = np.stack((audio[start - 1], audio[stop]))
    far = np.stack((audio[start - 2], audio[stop + 1]))
    corner = (level - far).min(axis=0) / within
    bends = ((near - far) >= _LEAST_BEND * (level - near)).all(axis=0)
    growth = (level - far).max(axis=0) / 2.0 * n_samples / 4.0
    steeper = corner / np.maximum((1.0 + 4.0 / n_samples) ** _ORDER, _LEAST_CORNER)
    below = (audio[1:] >= float(audio.max()) - size) & (audio[1:] < highest[1:] - within)
    is_stair = np.abs(np.diff(audio)[below]) <= _LEAST * float(np.abs(audio).max())
    is_stairs = np.count_nonzero(is_stair) > _MOST_STAIRS * len(is_stair)
    is_flat = bends & (not is_stairs) & (growth <= _MOST_GROWTH * size) & (n_samples >= _LEAST_RUN)
    told = np.log(np.clip(steeper, 1.0, _MOST_CORNER))
    evidence = np.where(is_flat, (np.minimum(n_samples, _MOST_SAMPLES) - 1.0) * told, 0.0)
    chance = np.ones(len(start)) if is_stairs else _CHANCE / np.maximum(corner, _CHANCE)
    return FlatTops(start, stop, level, evidence, chance, within)
