"""From expected power and noise psd to the gain of each bin.

The optimally modified log-spectral amplitude estimator (Cohen & Berdugo 2001) with a prior SNR that is half
that of the expected power, half decision-directed (Ephraim & Malah 1985).
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.units import db_to_gain
from dap_stream.dsp import gain_kernels

DECISION_KEEP = 0.98  # smoothing factor per 16 ms of the decision-directed prior SNR; stretched to the hop


def log_gain_floor(reduction_db: float) -> float:
    """Natural logarithm of the smallest gain that ``reduction_db`` allows."""
    return float(np.log(db_to_gain(-reduction_db)))


class OmlsaGain:
    """Gain of one lane; carries the power of the last clean estimate from call to call."""

    def __init__(self, n_bins: int, hop_ms: float) -> None:
        self._keep = float(DECISION_KEEP ** (hop_ms / 16.0))
        self._clean = np.zeros(n_bins, np.float32)

    def advance(self, log_expected: F32, log_noise: F32, power: F32, reduction_db: float) -> F32:
        """Gain ``[frames, bins]`` of ``power``; all arrays have that shape, logarithms are natural ones."""
        out = np.empty_like(power)
        gain_kernels.omlsa_gain(
            log_expected, log_noise, power, self._clean, self._keep, log_gain_floor(reduction_db), out
        )
        return out
