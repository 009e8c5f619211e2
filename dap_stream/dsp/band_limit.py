"""Whether a sound ends at a frequency as only a filter ends it: steeply, everywhere, with nothing above.

A telephone, a codec or a lower sample rate leaves a spectrum that falls by some 60 dB within a few hundred
Hz and then keeps to the level of the rounding. What is dull by nature falls slowly; a tone falls steeply, but
has nothing beside it; a bird's sweep has both, but not in most of its frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64

LEAST_HZ = 2000.0  # a lower end is that of the sound, or beyond help
MOST_SHARE = 0.86  # of half the sample rate: nearer to it there is nothing to be gained
FLOOR_SHARES = (0.9, 0.985)  # of half the sample rate: where the level of what is above is taken
OVER_FLOOR_DB = 10.0  # what is louder than that is sound
UNDER_PLATEAU_DB = 10.0  # and what is softer than that is on the slope
# Of all clean recordings that were looked at, with a slope narrow enough, none fell by more than 25 dB but
# those that a codec or a converter had cut; cut ones fall by 36 dB and more, mostly by 60.
LEAST_DROP_DB = 32.0  # of the mean magnitude, for which loud frames count most, but not a single click
LEAST_USUAL_DROP_DB = 15.0  # of the mean of the logarithm, to which each frame adds the same
MOST_WIDTH = 0.12  # of the slope, as a part of the limit, ...
MOST_WIDTH_HZ = 300.0  # ... or this, if it is more
LEAST_BINS = 64  # of a frame; of fewer there are no slope and no plateau
_DEPTH = 1e-14  # of the loudest bin, below which nothing is told apart
_SILENT = 1e-200  # power, from which on numbers lose their digits


@dataclass(frozen=True)
class BandLimit:
    """Where a sound ends.

    Parameters
    ----------
    passed_hz
        Up to here all is there.
    end_hz
        From here on there is nothing; between both is the slope of the filter.
    """

    passed_hz: float
    end_hz: float


class SpectrumSums:
    """Sums over frames of one sound; those of its parts add up to those of the whole.

    Parameters
    ----------
    n_bins
        Bins of a frame.
    """

    def __init__(self, n_bins: int) -> None:
        self.n_frames = 0
        self._magnitude: F64 = np.zeros(n_bins)
        self._log: F64 = np.zeros(n_bins)

    def add(self, power: F64) -> None:
        """Frames ``[frames, bins]`` of a window with low side lobes; those that are silent do not count."""
        power = power[power.max(axis=1) > _SILENT]
        self.n_frames += len(power)
        self._magnitude += np.sqrt(power).sum(axis=0)
        self._log += np.log(power + power.max(axis=1, keepdims=True) * _DEPTH).sum(axis=0)

    def __iadd__(self, other: SpectrumSums) -> SpectrumSums:
        self.n_frames += other.n_frames
        self._magnitude += other._magnitude
        self._log += other._log
        return self

    def limit(self, bin_hz: float) -> BandLimit | None:
        """Where the sound ends; None unless a filter has cut it.

        Parameters
        ----------
        bin_hz
            Width of a bin.
        """
        n_bins = len(self._magnitude)
        if not self.n_frames or n_bins < LEAST_BINS:
            return None
        mean_db = 20.0 * np.log10(self._magnitude / self.n_frames + 1e-100)
        usual_db = self._log / self.n_frames * (10.0 / np.log(10.0))
        low, high = (int(share * n_bins) for share in FLOOR_SHARES)
        floor_db = np.median(mean_db[low:high])
        smooth_db = np.convolve(np.pad(mean_db, 1, mode="edge"), np.full(3, 1.0 / 3.0), mode="valid")
        loud = np.flatnonzero(smooth_db[:high] > floor_db + OVER_FLOOR_DB)
        end = int(loud[-1]) + 1 if len(loud) else 0
        if end * bin_hz < LEAST_HZ or end > MOST_SHARE * n_bins:
            return None
        plateau_db = np.median(mean_db[int(0.7 * end) : int(0.88 * end)])
        passed = int(np.flatnonzero(smooth_db[:end] > plateau_db - UNDER_PLATEAU_DB)[-1])
        if (end - passed) * bin_hz > max(MOST_WIDTH * passed * bin_hz, MOST_WIDTH_HZ):
            return None
        # Medians, so that a few tones are no band.
        near, octave = (slice(int(share * passed), int(0.97 * passed)) for share in (0.85, 0.5))
        drop_db = np.median(mean_db[near]) - floor_db
        usual_floor_db = np.median(usual_db[end + 2 : high])
        usual_drop_db = min(np.median(usual_db[each]) for each in (near, octave)) - usual_floor_db
        if drop_db < LEAST_DROP_DB or usual_drop_db < LEAST_USUAL_DROP_DB:
            return None
        return BandLimit(passed * bin_hz, end * bin_hz)
