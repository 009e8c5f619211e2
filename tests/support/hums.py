"""Made-up hum, and voices to put it under."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64, Audio
from dap_stream.core.contract import Contract
from dap_stream.education.instruments.sustained import draw_organ
from dap_stream.education.voices.catalogue import VOICES

RATE = 16_000


def drifting(rng: np.random.Generator, n_samples: int, sample_rate: int, hz: float, n_harmonics: int) -> F64:
    """Harmonics of a fundamental that wanders by some hundredths of a Hz; its RMS is 1."""
    knots = np.arange(0.0, n_samples / sample_rate + 4.0, 2.0)
    drift = 0.02 * np.cumsum(rng.standard_normal(len(knots)))
    phase = (
        2 * np.pi * np.cumsum(hz + np.interp(np.arange(n_samples) / sample_rate, knots, drift)) / sample_rate
    )
    hum = np.zeros(n_samples)
    for number in range(1, n_harmonics + 1):
        if number * hz < 0.45 * sample_rate:
            hum += rng.uniform(0.3, 1.0) / number**0.7 * np.sin(number * phase + rng.uniform(0.0, 6.28))
    return np.asarray(hum / np.sqrt(np.mean(hum**2)))


def voice(rng: np.random.Generator, seconds: float) -> F64:
    """Somebody speaks, at `RATE`; with a noise floor, as every recording has."""
    n_samples = round(seconds * RATE)
    spoken = VOICES["bass"](rng, n_samples).astype(np.float64)
    return np.asarray(spoken + 1e-4 * rng.standard_normal(n_samples))


def organ_tone(rng: np.random.Generator, hz: float, seconds: float) -> F64:
    """One tone held all the time, at `RATE`."""
    n_samples = round(seconds * RATE)
    tone = draw_organ(rng)(rng, hz, seconds)[:n_samples].astype(np.float64)
    return np.asarray(0.1 * tone / np.sqrt(np.mean(tone**2)) + 1e-4 * rng.standard_normal(n_samples))


@dataclass(frozen=True)
class HumContract(Contract):
    """The contract while something is subtracted."""

    def signal(self, rng: np.random.Generator) -> Audio:
        hum = drifting(rng, self.n_samples, 8000, 50.0, 10)
        return (0.1 * hum + 0.01 * rng.standard_normal((self.channels, self.n_samples))).astype(self.dtype)
