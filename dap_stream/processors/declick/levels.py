"""The same search at several rates: a long, smooth click is at a low rate as short as others are.

Only what is changed there is brought back to the full rate, so that all above it stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.core.units import ms_to_samples
from dap_stream.processors.declick import kernels, odds
from dap_stream.processors.declick.resampling import decimate, low_pass, spread

FACTORS = (1, 4, 16, 64)
_ORDER, _LOW_ORDER = 32, 24
_BLOCK_MS, _BRIDGE_MS = 2.5, 0.4
# Times the usual size. At a low rate a long click is much of a window, and hides in a model made of it.
_LARGE, _LOW_LARGE = 12.0, 6.0
_MOST = 100  # clicks in a window


@dataclass(frozen=True)
class Click:
    """Columns of a window that were changed, and the length of the click in them."""

    begin: int
    end: int
    length: int


class Level:
    """Search at the rate that is ``factor`` times lower.

    Parameters
    ----------
    sample_rate
        Hz, the full one.
    n_window
        Samples of a window.
    longest_ms
        Longest click.
    factor
        1: the full rate.
    """

    def __init__(self, sample_rate: int, n_window: int, longest_ms: float, factor: int) -> None:
        self._factor, self._rate = factor, sample_rate / factor
        self._order = _ORDER if factor == 1 else _LOW_ORDER
        self._weights = odds.FULL_RATE if factor == 1 else odds.LOW_RATE
        self._large = _LARGE if factor == 1 else _LOW_LARGE
        n = (n_window - 1) // factor + 1
        self._taper: F64 = np.hanning(n + 2)[1:-1].copy()
        self._sizes = (
            max(ms_to_samples(_BLOCK_MS, sample_rate) // factor, 8),
            max(ms_to_samples(longest_ms, sample_rate) // factor, 2),
            min(max(ms_to_samples(_BRIDGE_MS, sample_rate) // factor, 2), self._order),
        )
        self._taps = low_pass(factor)
        self._spans: F64 = np.zeros((_MOST, 2))

    def mend(
        self, samples: F64, first: int, due: tuple[int, int], least_odds: float, least: float
    ) -> list[Click]:
        """Take the clicks out of ``samples``, in place.

        Parameters
        ----------
        samples
            Of one channel: the part of a window that the stream has.
        first
            Column of the window in which it begins.
        due
            Of ``samples``: where a click begins that is to be repaired now.
        least_odds, least
            As of `kernels.sweep`.
        """
        factor, half = self._factor, len(self._taps) // 2
        low = samples if factor == 1 else decimate(samples, self._taps, factor)
        if len(low) < 3 * self._order:
            return []
        before = low.copy()
        # What is changed at a low rate begins half a filter earlier.
        begin_due, end_due = (-(-(at + half) // factor) for at in due)
        offset = min(first // factor, len(self._taper) - len(low))
        count = kernels.mend(
            low,
            self._taper[offset : offset + len(low)],
            self._order,
            (max(begin_due, 0), max(end_due, 0)),
            self._sizes,
            self._rate,
            self._weights,
            self._large,
            least_odds,
            least,
            self._spans,
        )
        clicks = []
        for begin, end in self._spans[:count].astype(int).tolist():
            if factor > 1:
                spread(low[begin:end] - before[begin:end], begin, self._taps, factor, samples)
            clicks.append(
                Click(
                    max(begin * factor - half, 0),
                    min((end - 1) * factor + half + 1, len(samples)),
                    (end - begin) * factor,
                )
            )
        return clicks
