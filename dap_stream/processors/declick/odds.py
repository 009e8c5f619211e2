"""How likely it is that what stands out is a click: by itself, and given what else the recording has."""

from __future__ import annotations

import math

import numpy as np

from dap_stream.core.array_types import F64

# Constant, then the weights of the decimal logarithms of: length in ms; size against the usual one around it;
# how many times smaller the residual becomes when it is filled in; how much of the residual behind it is gone
# then, against what is left; power of what was there against what is taken away. By logistic regression on
# made-up voices, instruments and animals of the education, with made-up clicks of many kinds and without.
FULL_RATE: F64 = np.array([-7.74, -2.57, 3.17, 1.77, 0.80, -1.97])
LOW_RATE: F64 = np.array([-4.08, -1.81, 0.18, 2.14, 1.21, -0.99])

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
