"""Harmonics of machines and of breath."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.education.synthesis.levels import gain_of_db, unit
from dap_stream.education.synthesis.noise_kernels import harmonics


def random_harmonics(
    rng: np.random.Generator, fundamental: F64, most: int, tilt: tuple[float, float], missing: float = 0.3
) -> F64:
    """Harmonics of a pitch that moves, some missing, each as loud as chance has it; RMS 1."""
    n = int(rng.integers(1, most + 1))
    order = np.arange(1.0, n + 1.0)
    amplitudes = order ** (rng.uniform(*tilt) / 6.0) * gain_of_db(6.0 * rng.standard_normal(n))
    amplitudes *= rng.random(n) > missing
    if not np.any(amplitudes):
        amplitudes[0] = 1.0
    return unit(harmonics(fundamental, amplitudes, rng.uniform(0.0, 2 * np.pi, n), order))
