"""Frogs and toads: croaks of pulses in resonant throats, peeps, and long trills."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.calling import bouts, individuals
from dap_stream.education.synthesis.chance import curve, log_uniform
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import harmonic_tone, resonance


@individuals(at_most=4)
def croak(rng: np.random.Generator, n_samples: int) -> F32:
    """Croak: a throat struck 20 to 150 times a second, with two or three resonances that may move."""
    rate, seconds = log_uniform(rng, 20.0, 150.0), log_uniform(rng, 0.05, 1.0)
    throat = [(log_uniform(rng, 250.0, 3500.0), log_uniform(rng, 60.0, 500.0)) for _ in range(3)]
    bend, glide = rng.normal(0.0, 0.25), rng.normal(0.0, 0.3)
    breath = log_uniform(rng, 0.005, 0.3)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.9, 1.1))
        slope = np.linspace(-1.0, 1.0, m)
        # Pulses, not harmonics: chance phases of those would smear them.
        phase = np.cumsum(rate * rng.uniform(0.97, 1.03) * np.exp(glide * slope)) / SAMPLE_RATE
        pulses = np.diff(np.floor(phase), prepend=0.0).astype(np.float32) * np.float32(10.0)
        pulses = pulses * rng.uniform(0.6, 1.0, m).astype(np.float32) + np.float32(breath) * white_noise(
            rng, m
        )
        sound = np.zeros(m, dtype=np.float32)
        for centre, width in throat:
            sound += resonance(pulses, np.minimum(centre * np.exp(bend * slope), 7e3), width)
        return (sound * swell(m, 0.2 * seconds, 0.3 * seconds)).astype(np.float32)

    return bouts(rng, n_samples, call, (1, 8), (0.05, 0.8), (0.4, 3.0))


@individuals(at_most=4)
def peep(rng: np.random.Generator, n_samples: int) -> F32:
    """Peep and trill: clear tones that rise a little, single or in fast trains."""
    hz, seconds = log_uniform(rng, 600.0, 4200.0), log_uniform(rng, 0.015, 0.3)
    rise = rng.uniform(-0.1, 0.3, int(rng.integers(2, 5)))
    weights = log_uniform(rng, 0.01, 0.6) ** np.arange(4)
    trains = rng.random() < 0.5

    def call(rng: np.random.Generator) -> F32:
        m = max(32, int(seconds * SAMPLE_RATE * rng.uniform(0.95, 1.05)))
        sound = harmonic_tone(rng, hz * rng.uniform(0.99, 1.01) * np.exp(curve(rise, m)), weights)
        return (sound * swell(m, 0.3 * seconds, 0.3 * seconds)).astype(np.float32)

    gap = (0.4 * seconds, 1.5 * seconds) if trains else (0.1, 1.0)
    return bouts(rng, n_samples, call, (5, 40) if trains else (1, 6), gap, (0.3, 3.0))
