"""The features of the `highs` network: how a sound looks below a limit, whatever limit, level and rate.

Bands are measured from the limit downwards, in thirds of an octave, so that what was taught at one limit is
of use at others.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.signal import lfilter

from dap_stream.core.array_types import F32, F64

N_BELOW = 12  # bands below the limit, a third of an octave each
N_ABOVE = 8  # and above it, a quarter of an octave each
N_REFERENCE = 3  # bands just below the limit, to whose mean level all others are related
N_FEATURES = 2 * N_BELOW + 4 + 4
TAUGHT_HZ = (2000.0, 6500.0)  # limits that were taught, as the made-up sounds end at 8 kHz
TOP_HZ = 7700.0  # of what they have
_MEAN_S = 1.5  # time constant of the running means
_ACTIVE = 1e-6  # of the loudest power so far: what is softer does not count in the means
_DEPTH = 1e-9  # of it: what is softer is silence
_MOST = 12.0  # of a feature, in nats
_LEAST_WEIGHT = 1e-9
TINY = 1e-30  # power; far below anything that 32 bits hold of a sound


def band_edges_below(limit_hz: float) -> F64:
    """Edges ``[N_BELOW + 1]`` in Hz of the bands below the limit, the lowest first."""
    return np.asarray(limit_hz * 2.0 ** (np.arange(-N_BELOW, 1) / 3.0))


def band_edges_above(limit_hz: float) -> F64:
    """Edges ``[N_ABOVE + 1]`` in Hz of the bands above it."""
    return np.asarray(limit_hz * 2.0 ** (np.arange(N_ABOVE + 1) / 4.0))


def n_taught(limit_hz: float) -> int:
    """How many of the bands above the limit were taught; of the others the network knows nothing.

    Above 2 kHz these are seven, above 4 kHz three, and near to `TOP_HZ`, or above it, only the lowest one.
    """
    taught = band_edges_above(float(np.clip(limit_hz, *TAUGHT_HZ)))[1:] <= TOP_HZ
    return max(int(np.count_nonzero(taught)), 1)


def band_weights(edges_hz: F64, n_bins: int, bin_hz: float) -> F32:
    """Share of each bin in the mean power of each band ``[bands, bins]``; a bin may belong to two in part."""
    low = (np.arange(n_bins) - 0.5) * bin_hz
    overlap = np.minimum(low + bin_hz, edges_hz[1:, None]) - np.maximum(low, edges_hz[:-1, None])
    return np.asarray(np.clip(overlap, 0.0, None) / np.diff(edges_hz)[:, None], np.float32)


class HighsFeatures:
    """Features of one lane and one limit, frame after frame; holds running means.

    Parameters
    ----------
    limit_hz
        Up to which the sound is whole.
    n_bins, bin_hz
        Of the frames.
    hop_s
        Seconds between them.
    """

    def __init__(self, limit_hz: float, n_bins: int, bin_hz: float, hop_s: float) -> None:
        self._weights = band_weights(band_edges_below(limit_hz), n_bins, bin_hz).T
        octave = (limit_hz / 8.0, limit_hz / 2.0, limit_hz)
        bins = [max(round(each / bin_hz), 1) for each in octave]
        self._tonal = tuple(slice(low, max(high, low + 1)) for low, high in pairwise(bins))
        self._place = np.log2(np.clip(limit_hz, *TAUGHT_HZ) / 4000.0)
        self._keep = float(np.exp(-hop_s / _MEAN_S))
        self.loudest: F64 = np.zeros(1)  # power of a bin so far, at each frame of the last call
        self._sums: F64 = np.zeros((N_BELOW + 2, 1))  # of bands, level and weight, with decay
        self._before: F64 | None = None

    def advance(self, power: F32) -> tuple[F32, F64]:
        """Power ``[frames, bins]`` to features ``[frames, N_FEATURES]`` and the level ``[frames]`` in nats.

        The level is that of the bands just below the limit; the network tells of levels relative to it.
        """
        loudest = np.maximum.accumulate(np.append(self.loudest[-1:], power.max(axis=1)))[1:]
        self.loudest = loudest
        depth = (loudest * _DEPTH + TINY)[:, None]
        log_energy = np.log(power @ self._weights + depth)
        level = log_energy[:, -N_REFERENCE:].mean(axis=1)
        shape = log_energy - level[:, None]
        is_active = (power.max(axis=1) > _ACTIVE * loudest).astype(np.float64)
        counted = np.column_stack((shape, level, np.ones_like(level))) * is_active[:, None]
        sums, state = lfilter([1.0], [1.0, -self._keep], counted, axis=0, zi=self._keep * self._sums.T)
        self._sums = state.T / self._keep
        means = sums[:, :-1] / (sums[:, -1:] + _LEAST_WEIGHT)
        before = log_energy[:1] if self._before is None else self._before
        change = np.diff(np.concatenate((before, log_energy)), axis=0)
        self._before = log_energy[-1:]
        parts = (
            shape,
            means[:, :N_BELOW],
            change.reshape(len(change), 4, -1).mean(axis=2),
            level - means[:, -1],
            *(_tonality(power[:, bins] + depth) for bins in self._tonal),
            np.full(len(level), self._place),
        )
        return np.clip(np.column_stack(parts), -_MOST, _MOST).astype(np.float32), level


def _tonality(power: F64) -> F64:
    """By how much the log of the mean is above the mean of the log: about 0.6 for noise, more for tones."""
    return np.asarray(np.log(power.mean(axis=1)) - np.log(power).mean(axis=1))
