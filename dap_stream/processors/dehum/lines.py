"""Spectral lines that stay the same for many seconds, found by the quiet moments between all other sounds.

In windows of a second, a low quantile over time of each bin is what is there always: noise, and hum. Speech
and notes leave gaps. A line is what sticks out of its neighbours in that quantile, does not change its level,
and is neither rising nor dying away. The quantile is the idea of minimum statistics (Martin, IEEE Trans.
Speech Audio Process. 9(5), 2001), at a resolution that no voice or string is steady enough for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from dap_stream.core.array_types import F32, F64

WINDOW_S = 1.0
HOP_S = 0.5
QUANTILE = 0.25  # of the time everything else may be silent
STEADY_PART = 0.4  # of the windows have to agree on the level of a line
_BASE_BINS = 25  # neighbours that a line is compared with: less than from harmonic to harmonic of mains
_EDGE_BINS = 10  # lowest lines, in bins: below it is wind and handling
_FAINT = 1e-9  # of all power; below it nothing is a line
_TINY, _MOST_POWER = 1e-30, 1e30


@dataclass(frozen=True)
class Line:
    """A steady line.

    Parameters
    ----------
    frequency_hz
        To about a tenth of a Hz.
    power
        Mean square of it.
    prominence_db
        Above its neighbours, in the quantile.
    spread_db
        Smallest range of levels that holds `STEADY_PART` of the windows.
    trend_db
        Between the first and the second half of the time.
    """

    frequency_hz: float
    power: float
    prominence_db: float
    spread_db: float
    trend_db: float


class Spectra:
    """Power spectra of the last windows of a stream, all channels together.

    Parameters
    ----------
    sample_rate
        Hz.
    most
        Windows that are kept.
    """

    def __init__(self, sample_rate: int, most: int) -> None:
        self._n = fft.next_fast_len(round(WINDOW_S * sample_rate), real=True)
        self._hop = round(HOP_S * sample_rate)
        self._most = most
        self.resolution_hz = sample_rate / self._n
        self._window = np.hanning(self._n + 1)[:-1]
        self._scale = 2.0 / np.sum(self._window**2) / self._n  # bins of a tone add up to its power
        self._waiting: list[F64] = []
        self._n_waiting = 0
        self._rows: list[F32] = []

    def feed(self, audio: F64) -> int:
        """Take the next samples ``[channels, n]``; how many windows were completed."""
        self._waiting.append(audio)
        self._n_waiting += audio.shape[1]
        if self._n_waiting < self._n:
            return 0
        heard = np.concatenate(self._waiting, axis=1)
        done = 0
        while heard.shape[1] - done * self._hop >= self._n:
            begin = done * self._hop
            power = np.zeros(self._n // 2 + 1)
            for channel in heard[:, begin : begin + self._n]:
                spectrum = fft.rfft(channel * self._window)
                power += spectrum.real**2 + spectrum.imag**2
            power *= self._scale
            self._rows.append(np.minimum(power, _MOST_POWER).astype(np.float32))
            done += 1
        del self._rows[: -self._most]
        rest = heard[:, done * self._hop :].copy()
        self._waiting, self._n_waiting = [rest], rest.shape[1]
        return done

    def last(self, most: int) -> list[F32]:
        """The last rows ``[bins]``, ``most`` of them or as many as there are."""
        return self._rows[-most:]


def _low(levels: F32 | F64) -> F32 | F64:
    """The quantile over time ``[windows, ...]``."""
    place = int(QUANTILE * (len(levels) - 1))
    return np.asarray(np.partition(levels, place, axis=0)[place])


def _base(quantile: F64) -> F64:
    """The usual level around each bin."""
    n_parts = len(quantile) // _BASE_BINS
    parts = quantile[: n_parts * _BASE_BINS].reshape(n_parts, _BASE_BINS)
    centres = (np.arange(n_parts) + 0.5) * _BASE_BINS
    medians = np.median(parts, axis=1)
    return np.asarray(np.interp(np.arange(len(quantile)) + 0.5, centres, medians), np.float64)


class Search:
    """A search for lines in spectra, a part of the bins at a time so that a live stream need not wait.

    Parameters
    ----------
    rows
        Power ``[bins]`` of windows one after the other.
    resolution_hz
        From bin to bin.
    least_db
        Prominence of what is called a line.
    """

    def __init__(self, rows: Sequence[F32], resolution_hz: float, least_db: float) -> None:
        self._rows, self._resolution_hz, self._least_db = rows, resolution_hz, least_db
        self._quantile: F64 = np.zeros(len(rows[0]))
        self._total = 0.0  # power of all windows

    def part(self, number: int, of: int) -> None:
        """One part of the work, the ``number``-th of so many, from 0."""
        n_bins = len(self._quantile)
        begin, end = n_bins * number // of, n_bins * (number + 1) // of
        lobes, power = self._lobes(begin, end)
        self._quantile[begin:end] = _low(lobes)
        self._total += float(power.sum(dtype=np.float64))

    def _lobes(self, begin: int, end: int) -> tuple[F32, F32]:
        """Power in the main lobe of a line around bins, and power of them, both ``[windows, bins]``."""
        power = np.zeros((len(self._rows), end - begin + 2), np.float32)
        first, last = max(begin - 1, 0), min(end + 1, len(self._quantile))
        for row, each in zip(power, self._rows, strict=True):
            row[first - begin + 1 : last - begin + 1] = each[first:last]
        inner = power[:, 1:-1]
        return inner + power[:, :-2] + power[:, 2:], inner

    def lines(self) -> list[Line]:
        """All that was found when all parts are done, the lowest first."""
        quantile = self._quantile
        faint = _FAINT * self._total / len(self._rows)
        prominence = 10.0 * np.log10((quantile + _TINY) / (_base(quantile) + faint + _TINY))
        is_peak = quantile >= ndimage.maximum_filter1d(quantile, 5)
        found = np.flatnonzero(is_peak & (prominence >= self._least_db))
        found = found[(found >= _EDGE_BINS) & (found < len(quantile) - 2)]
        return [self._line(int(b), float(prominence[b])) for b in found]

    def _line(self, place: int, prominence_db: float) -> Line:
        lobes, power = self._lobes(place - 1, place + 2)
        level = 10.0 * np.log10(lobes[:, 1].astype(np.float64) + _TINY)
        ordered, n_steady = np.sort(level), max(round(STEADY_PART * len(level)), 2)
        half = len(level) // 2
        # A parabola through the logarithms: exact for a Gaussian, and nearly so for a Hann window.
        left, middle, right = np.log(_low(power).astype(np.float64) + _TINY)
        bend = left - 2.0 * middle + right
        return Line(
            float((place + (0.5 * (left - right) / bend if bend < 0.0 else 0.0)) * self._resolution_hz),
            float(self._quantile[place]),
            prominence_db,
            float(np.min(ordered[n_steady - 1 :] - ordered[: len(ordered) - n_steady + 1])),
            float(abs(_low(level[:half]) - _low(level[half:]))),
        )
