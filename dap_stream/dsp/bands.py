"""Bands of equal width on the ERB scale, as wide as those in which the ear tells sounds apart.

The scale is Glasberg & Moore's (1990). Triangles overlap by half and add up to 1 at every frequency between
the first centre and the last; below and above, the first and the last band go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dap_stream.core.array_types import F32, F64, I64

N_BANDS = 40
LOWEST_HZ, HIGHEST_HZ = 50.0, 7400.0  # centres of the first and the last band


def erb_number(frequency_hz: F64) -> F64:
    """Place on the ERB scale of a frequency in Hz."""
    return np.asarray(21.4 * np.log10(1.0 + 0.00437 * frequency_hz), np.float64)


def band_centres_hz() -> F64:
    """Centre of each band in Hz ``[N_BANDS]``."""
    first, last = erb_number(np.array([LOWEST_HZ, HIGHEST_HZ]))
    return np.asarray((10.0 ** (np.linspace(first, last, N_BANDS) / 21.4) - 1.0) / 0.00437, np.float64)


@dataclass(frozen=True)
class Bands:
    """The bands of one STFT, as sums over bins and as a spread over bins.

    Parameters
    ----------
    first, count
        First bin of each band and how many there are ``[N_BANDS]``.
    weights
        Weight of each of these bins ``[N_BANDS, most bins]``; those of a band add up to 1, so that a band's
        value is a mean. All 0 where the band is above half the sample rate.
    position
        Place of every bin between bands ``[bins]``: band number and fraction.
    """

    first: I64
    count: I64
    weights: F32
    position: F32

    @classmethod
    def for_stft(cls, n_fft: int, sample_rate: int) -> Bands:
        """The bands of frames of ``n_fft`` samples.

        A bin stands for all frequencies nearer to it than to others, so that a band narrower than a bin
        still has its share of one.
        """
        width = sample_rate / n_fft
        n_bins = n_fft // 2 + 1
        centres = band_centres_hz()
        low = np.concatenate(([0.0], centres[:-1]))
        high = np.concatenate((centres[1:], [2.0 * centres[-1] - centres[-2]]))
        first = np.clip(np.floor(low / width + 0.5), 0, n_bins - 1).astype(np.int64)
        last = np.clip(np.floor(high / width + 0.5), 0, n_bins - 1).astype(np.int64)
        rows: list[F64] = []
        for b in range(N_BANDS):
            bins = np.arange(first[b], last[b] + 1)
            fine = (bins[:, None] - 0.5 + (np.arange(16) + 0.5) / 16.0) * width
            rise = np.ones_like(fine) if b == 0 else (fine - low[b]) / (centres[b] - low[b])
            fall = (high[b] - fine) / (high[b] - centres[b])
            row = np.clip(np.minimum(rise, fall), 0.0, 1.0).mean(axis=1)
            if centres[b] >= sample_rate / 2:
                row[:] = 0.0
            rows.append(row / max(row.sum(), 1e-12))
        weights = np.zeros((N_BANDS, max(len(row) for row in rows)), np.float32)
        for b, row in enumerate(rows):
            weights[b, : len(row)] = row
        places = np.interp(np.arange(n_bins) * width, centres, np.arange(N_BANDS))
        return cls(first, last - first + 1, weights, places.astype(np.float32))

    @cached_property
    def n_bins(self) -> int:
        """Bins that any band looks at."""
        return int((self.first + self.count).max())

    @cached_property
    def n_present(self) -> int:
        """Bands below half the sample rate."""
        return int((self.weights.sum(axis=1) > 0).sum())

    def spread(self, values: F32) -> F32:
        """A value of each band ``[..., N_BANDS]`` to one of each bin ``[..., bins]``, in straight lines."""
        position = np.minimum(self.position, np.float32(self.n_present - 1))
        lower = np.minimum(position.astype(np.int64), self.n_present - 2)
        fraction = (position - lower).astype(np.float32)
        return np.asarray(values[..., lower] * (1.0 - fraction) + values[..., lower + 1] * fraction)
