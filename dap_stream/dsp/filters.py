"""Gains over frequency that do not depend on the sound."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32

LOW_CUT_ORDER = 4  # of the Butterworth high-pass: 24 dB per octave


def low_cut_gain(frequencies_hz: F32, low_cut_hz: float) -> F32:
    """Gain ``[bins]`` of a Butterworth high-pass without its phase: -3 dB at ``low_cut_hz``.

    ``|H|^2 = 1 / (1 + (low_cut / f)^(2 order))``, of which the gain of an amplitude is the root. 1
    everywhere if ``low_cut_hz`` is 0.
    """
    if low_cut_hz == 0.0:
        return np.ones_like(frequencies_hz)
    ratio = low_cut_hz / np.maximum(frequencies_hz, 1.0)
    return np.sqrt(1.0 / (1.0 + ratio ** (2 * LOW_CUT_ORDER))).astype(np.float32)
