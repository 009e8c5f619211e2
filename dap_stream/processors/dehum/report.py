"""A stretch of hum as it is told to the user."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import C128
from dap_stream.core.units import power_to_db
from dap_stream.processors.findings import Finding

KIND = "hum"


class ActiveTime:
    """A series from when it began.

    Parameters
    ----------
    start
        Sample of the stream.
    """

    def __init__(self, start: int) -> None:
        self._start = self._end = start
        self._n = 0
        self._fundamental_hz = self._power = 0.0
        self._heard: set[int] = set()

    def add(self, end: int, fundamental_hz: float, amplitudes: C128) -> None:
        """It goes on to sample ``end``, with half amplitudes ``[channels, lines, knots]``."""
        self._end = end
        self._n += 1
        self._fundamental_hz += (fundamental_hz - self._fundamental_hz) / self._n
        power = 2.0 * np.mean(np.abs(amplitudes) ** 2, axis=2)
        self._power += (float(power.sum(axis=1).max()) - self._power) / self._n
        self._heard.update(int(i) + 1 for i in np.flatnonzero(power.any(axis=0)))

    def finding(self) -> Finding:
        """All that is told of it: the level is that of the loudest channel, of full scale."""
        name, count = f"{self._fundamental_hz:.2f} Hz", len(self._heard)
        if 1 not in self._heard:
            name = f"{count} harmonic{'s' if count != 1 else ''} of {name}"
        elif count > 1:
            name += f" and {count - 1} harmonic{'s' if count > 2 else ''}"
        text = f"{name}, {power_to_db(self._power):.0f} dB"
        return Finding(KIND, self._start, max(self._end - self._start, 1), None, text)
