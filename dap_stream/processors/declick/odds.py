"""How likely it is that what stands out is a click: by itself, and with what else was found in the recording."""

from __future__ import annotations

import math

import numpy as np

from dap_stream.core.array_types import F64

BASE_WEIGHTS: F64 = np.array([-10.22, -3.18, 4.49, 2.06, 1.24, -2.76])
LOW_WEIGHTS: F64 = np.array([-6.47, -0.74, 1.63, 1.82, 1.22, -1.42])

_NATURAL_PER_S = 3.0  # sounds that are looked at, as voices, drums and animals have them
_CLEAN_PER_S = 1.0 / 60.0  # clicks that are expected of a recording of which nothing is known
_MEMORY_S = 10.0
LEAST_ODDS = 0.0  # however many there are: likelier a click than not


class Expectation:
    """Clicks a second, as they come, and the log odds that make one likelier a click than a sound.

    Parameters
    ----------
    channels
        That are looked at.
    hop_s
        Seconds from one window to the next.
    sensitivity
        Times that more clicks are expected than were found.
    known_per_s
        Clicks a second and channel, from a first pass.
    """

    def __init__(self, channels: int, hop_s: float, sensitivity: float, known_per_s: float) -> None:
        self._forget = math.exp(-hop_s / _MEMORY_S)
        self._per_click = 1.0 / (_MEMORY_S * channels)
        self._sensitivity = sensitivity
        self._known_per_s = known_per_s
        self._recent_per_s = 0.0

    @property
    def least_odds(self) -> float:
        """Natural log odds, with as many clicks as sounds, from which on something is taken for a click."""
        per_s = _CLEAN_PER_S + max(self._recent_per_s, self._known_per_s)
        return max(math.log(_NATURAL_PER_S / per_s), LEAST_ODDS) - math.log(self._sensitivity)

    def found(self, count: int) -> None:
        """So many in the newest window, in all channels together."""
        self._recent_per_s = self._forget * self._recent_per_s + count * self._per_click
