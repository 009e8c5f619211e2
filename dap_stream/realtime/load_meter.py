"""How busy the processing thread is: a histogram of bounded size, however long the stream runs."""

from __future__ import annotations

import math

_LOWEST = 1e-4  # loads below it count as it
_PER_DOUBLING = 16  # bins, so that a quantile is right to 4.5 %
_N_BINS = 24 * _PER_DOUBLING


class LoadMeter:
    """Compute time / audio time, each over ``span`` samples or a little more.

    A processor that works in hops does nothing in most small blocks and everything in one; a span of at
    least its hop makes a load of 1 mean what it says. Below 1 it keeps up.
    """

    def __init__(self, span: int, sample_rate: int) -> None:
        self._span, self._sample_rate = span, sample_rate
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._bins = [0] * _N_BINS
        self._busy_s, self._n_samples = 0.0, 0
        self.count = 0
        self.max = 0.0

    def add(self, busy_s: float, n_samples: int) -> None:
        """``busy_s`` seconds were needed for ``n_samples`` samples."""
        self._busy_s += busy_s
        self._n_samples += n_samples
        if self._n_samples < self._span:
            return
        load = self._busy_s * self._sample_rate / self._n_samples
        self._busy_s, self._n_samples = 0.0, 0
        index = math.ceil(math.log2(max(load, _LOWEST) / _LOWEST) * _PER_DOUBLING)
        self._bins[min(index, _N_BINS - 1)] += 1
        self.count += 1
        self.max = max(self.max, load)

    def quantile(self, share: float) -> float:
        """The load that ``share`` of all spans stay below (4.5 % too high at most); 0 before the first."""
        wanted, seen = share * self.count, 0
        for index, n in enumerate(self._bins):
            seen += n
            if n and seen >= wanted:
                return min(float(_LOWEST * 2.0 ** (index / _PER_DOUBLING)), self.max)
        return self.max

    @property
    def median(self) -> float:
        """Half of the time it is less than this."""
        return self.quantile(0.5)

    @property
    def p999(self) -> float:
        """One span in a thousand is above."""
        return self.quantile(0.999)
