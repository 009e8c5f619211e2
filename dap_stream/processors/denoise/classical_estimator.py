"""The denoiser without a network: SPP-MMSE noise psd and a decision-directed LSA gain.

Baseline, and what a stream starts with while the generator knows nothing yet.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.dsp import gain_kernels
from dap_stream.dsp.gains import DECISION_KEEP, log_gain_floor

# Smoothing factors per 16 ms of the noise psd, of the presence (Gerkmann & Hendriks 2012) and of the
# decision-directed prior SNR (Ephraim & Malah 1985); they are stretched to the hop.
KEEP_PER_16_MS = np.array([0.8, 0.9, DECISION_KEEP])
QUIET_PART = 0.1  # the noise psd starts as the mean of the quietest tenth of the first block
LEAST_POWER = 1e-20

_State: TypeAlias = tuple[F32, F32, F32]
"""Noise psd, speech presence and power of the last clean estimate, each ``[bins]``."""


class ClassicalEstimator:
    """Gain of each bin from the power so far; no look-ahead. State per bin and lane."""

    delay = 0  # frames

    def __init__(self, hop_ms: float, reduction_db: float) -> None:
        self._keep = KEEP_PER_16_MS ** (hop_ms / 16.0)
        self.reduction_db = reduction_db  # may be changed in mid-stream
        self._states: list[_State | None] = []

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Gain ``[lanes, frames, bins]`` for ``power`` of that shape; ``log_observed`` is not looked at."""
        power = np.maximum(power, np.float32(LEAST_POWER))
        self._states = self._states or [None] * len(power)
        log_floor = log_gain_floor(self.reduction_db)
        out = np.ones_like(power)
        for i, (lane, gain) in enumerate(zip(power, out, strict=True)):
            state = self._states[i] = self._states[i] or _start(lane)
            if state is not None:
                gain_kernels.classical_gain(lane, *state, self._keep, log_floor, gain)
        return out


def _start(power: F32) -> _State | None:
    """State from the first block ``[frames, bins]`` that is not silent."""
    level = power.mean(axis=1)
    sounding = np.flatnonzero(level > 2.0 * LEAST_POWER)
    if not len(sounding):
        return None
    order = sounding[np.argsort(level[sounding], kind="stable")]
    quiet = (
        power[order[: max(1, int(QUIET_PART * len(order)))]].mean(axis=0, dtype=np.float64).astype(np.float32)
    )
    return quiet, np.zeros_like(quiet), np.zeros_like(quiet)
