"""Highs that a sound may have had above its limit: structure from below, moved up, at the level expected."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from dap_stream.core.array_types import C64, F32, F64, I64
from dap_stream.dsp.band_limit import BandLimit
from dap_stream.dsp.features import lane_power
from dap_stream.dsp.stft import OVERLAP, StftSpec
from dap_stream.models.highs.features import TINY, HighsFeatures, band_edges_above, band_weights, n_taught
from dap_stream.models.highs.predictor import HighsPredictor

# What is wrong by as much is heard more where it is too loud: made-up voices had the PESQ of the cut ones at
# -12 dB, and a better one below.
LEVEL_DB = -14.0  # of what is made up, beside the level that is expected
BEYOND_DB = -12.0  # per octave, above the bands that were taught
OCTAVE_DOWN_S = 3.0  # time constant of the mean error in the octave below the limit
_ACTIVE = 1e-4  # of the loudest power so far: softer frames do not count in it
_LEAST_WEIGHT = 1e-9
FLATTENED_HZ = 300.0  # width over which the structure that is moved is made flat
_THERE_BINS = 2  # to each side, over which the power of what is there is smoothed
_DEPTH = 1e-10  # of the loudest bin: what is softer is left out
_LN_DB = np.log(10.0) / 10.0


class Highs:
    """Makes up the spectrum of one channel above one limit, frame after frame.

    The octave below the limit is moved up, as often as it takes, by multiples of four bins, for which the
    hops are whole periods: so a tone that is moved stays a tone. It is made flat, and gets the level that the
    network predicts in the bands that were taught at this limit; above them it falls. From that goes off what
    is there, as on the slope of the filter, so that nothing is filled twice.

    Parameters
    ----------
    limit
        Where the sound ends.
    spec, sample_rate
        Geometry of the frames.
    predictor
        The network.
    highs_db
        Level besides.
    highest_hz
        Nothing is made up above.
    """

    def __init__(
        self,
        limit: BandLimit,
        spec: StftSpec,
        sample_rate: int,
        predictor: HighsPredictor,
        highs_db: float,
        highest_hz: float,
    ) -> None:
        bin_hz = sample_rate / spec.n_fft
        self._features = HighsFeatures(limit.passed_hz, spec.n_bins, bin_hz, spec.hop / sample_rate)
        self._predictor = predictor
        self._octave_down = _OctaveDown(limit, spec, sample_rate, predictor)
        self._first = int(limit.passed_hz / bin_hz) + 1  # bin that may be made up
        self._last = max(min(int(highest_hz / bin_hz) + 1, spec.n_bins - 1), self._first)  # and the first not
        self._source = _moved_from(self._first, self._last)
        bins = np.arange(self._first, self._last)
        octaves = np.log2(bins * (bin_hz / limit.passed_hz))
        edges = np.log2(band_edges_above(limit.passed_hz) / limit.passed_hz)
        centres = ((edges[1:] + edges[:-1]) / 2.0)[: n_taught(limit.passed_hz)]
        place = np.interp(octaves, centres, np.arange(len(centres)))
        self._band, self._part = place.astype(np.int64), (place % 1.0).astype(np.float32)
        self._next = np.minimum(self._band + 1, len(centres) - 1)
        beyond_db = np.maximum(octaves - centres[-1], 0.0) * BEYOND_DB + LEVEL_DB + highs_db
        self._besides: F64 = beyond_db * _LN_DB
        self._half = max(round(FLATTENED_HZ / 2.0 / bin_hz), 2)

    def advance(self, spectrum: C64, observed: F32) -> C64:
        """Give the spectrum that is to be added ``[frames, bins]``.

        Parameters
        ----------
        spectrum
            ``[frames, bins]`` of the sound in the sine window.
        observed
            Power of the same frames in the Hann window.
        """
        features, level = self._features.advance(observed)
        bands = self._predictor.levels(features) + self._octave_down.excess(observed)[:, None]
        log_power = bands[:, self._band] * (1.0 - self._part) + bands[:, self._next] * self._part
        wanted = np.exp(np.minimum(log_power + level[:, None] + self._besides, 60.0))
        loudest = self._features.loudest[:, None]
        wanted -= _smoothed(observed, _THERE_BINS, self._first, self._last)
        wanted = np.where(wanted < loudest * _DEPTH, 0.0, wanted)
        structure = spectrum[:, self._source]
        power = lane_power(structure[None], is_linked=False)[0]
        power = _smoothed(power, self._half, 0, power.shape[1])
        added = np.zeros_like(spectrum)
        added[:, self._first : self._last] = structure * np.sqrt(wanted / (power + loudest * 1e-20 + TINY))
        return added


class _OctaveDown:
    """By how much the network would be too loud in the octave below the limit, where the truth is known.

    A sound that is duller, or purer, than those that were taught is so in both octaves, more or less.
    """

    def __init__(self, limit: BandLimit, spec: StftSpec, sample_rate: int, predictor: HighsPredictor) -> None:
        bin_hz, self._hop_s = sample_rate / spec.n_fft, spec.hop / sample_rate
        half_hz = limit.passed_hz / 2.0
        self._features = HighsFeatures(half_hz, spec.n_bins, bin_hz, self._hop_s)
        edges = band_edges_above(half_hz)[: n_taught(half_hz) + 1]
        edges = edges[edges < 1.001 * limit.passed_hz]
        self._weights = band_weights(edges, spec.n_bins, bin_hz).T
        self._first_above = int(half_hz / bin_hz) + 1
        self._predictor = predictor
        self._keep = float(np.exp(-self._hop_s / OCTAVE_DOWN_S))
        self._sums: F64 = np.zeros((2, 1))

    def excess(self, observed: F32) -> F64:
        """Running mean ``[frames]`` in nats, 0 or less, of power ``[frames, bins]``."""
        below = observed.copy()
        below[:, self._first_above :] = 0.0
        features, level = self._features.advance(below)
        loudest = self._features.loudest
        least = (loudest * _DEPTH + TINY)[:, None]
        wanted = np.log(observed @ self._weights + least) - level[:, None]
        error = (wanted - self._predictor.levels(features)[:, : wanted.shape[1]]).mean(axis=1)
        weight = (below.max(axis=1) > _ACTIVE * loudest).astype(np.float64)
        counted = np.stack((error * weight, weight))
        sums, state = lfilter([1.0], [1.0, -self._keep], counted, zi=self._keep * self._sums)
        self._sums = state / self._keep
        return np.asarray(np.minimum(sums[0] / (sums[1] + _LEAST_WEIGHT), 0.0))


def _moved_from(first: int, last: int) -> I64:
    """For each bin from ``first`` on the one that is moved there: the octave below, again and again."""
    octave = max(first // 2 // OVERLAP, 1) * OVERLAP
    bins = np.arange(first, last)
    return np.asarray(bins - octave * ((bins - first) // octave + 1), np.int64)


def _smoothed(power: F32, half: int, first: int, last: int) -> F64:
    """Mean of ``power [frames, bins]`` over ``half`` bins to each side, for the bins from ``first`` on."""
    total = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, out=total[:, 1:])
    bins = np.arange(first, last)
    low, high = np.maximum(bins - half, 0), np.minimum(bins + half + 1, power.shape[1])
    return np.asarray((total[:, high] - total[:, low]) / (high - low))
