"""Whales and dolphins: slow glides and moans, whistles, trains of clicks, in long echoes."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.calling import bouts, individuals
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.rooms import reverberant
from dap_stream.education.synthesis.tones import harmonic_tone


@individuals(at_most=2)
def moan(rng: np.random.Generator, n_samples: int) -> F32:
    """Moan: long slow glides with harmonics, that purr, break and sigh."""
    themes = []
    for _ in range(int(rng.integers(1, 5))):
        shape = rng.normal(0.0, rng.uniform(0.1, 0.7), int(rng.integers(2, 7)))
        themes.append(
            (log_uniform(rng, 70.0, 1600.0), log_uniform(rng, 0.5, 5.0), shape, rng.uniform(0.2, 0.95))
        )

    def call(rng: np.random.Generator) -> F32:
        pitch, seconds, shape, tilt = themes[int(rng.integers(len(themes)))]
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
        hz = (
            pitch
            * np.exp(curve(shape, m))
            * vibrato(rng, m, log_uniform(rng, 2.0, 40.0), log_uniform(rng, 0.01, 0.6))
        )
        tone = harmonic_tone(rng, np.clip(hz, 25.0, 5e3), tilt ** np.arange(16))
        size = np.exp(0.3 * wander(rng, m, 4.0)) * swell(m, 0.3 * seconds, 0.4 * seconds)
        return (tone * size).astype(np.float32)

    sung = bouts(rng, n_samples, call, (1, 3), (0.1, 1.0), (0.5, 3.0))
    return reverberant(rng, sung, rng.uniform(0.8, 4.0), log_uniform(rng, 0.2, 1.5))


@individuals(at_most=3)
def dolphin(rng: np.random.Generator, n_samples: int) -> F32:
    """Whistle and click: wide fast sweeps, and clicks whose rate climbs into a buzz."""
    centre, seconds = log_uniform(rng, 1.5e3, 6e3), log_uniform(rng, 0.15, 1.5)
    shape, clicks = rng.normal(0.0, 0.35, int(rng.integers(2, 7))), rng.uniform(0.0, 1.0)
    rate = log_uniform(rng, 5.0, 120.0)
    low = log_uniform(rng, 300.0, 4000.0)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
        if rng.random() < clicks:
            speed = rate * np.exp(curve(rng.normal(0.0, 0.7, 4), m))
            pulses = np.diff(np.floor(np.cumsum(speed) / SAMPLE_RATE), prepend=0.0)
            sound = band_pass((pulses * 20.0).astype(np.float32), low, 2.5 * low)
            sound = sound + np.float32(0.003) * white_noise(rng, m)
        else:
            sound = harmonic_tone(rng, np.clip(centre * np.exp(curve(shape, m)), 500.0, 7.4e3), (1.0, 0.1))
        return (sound * swell(m, 0.1 * seconds, 0.1 * seconds)).astype(np.float32)

    return bouts(rng, n_samples, call, (1, 5), (0.05, 0.6), (0.4, 3.0))
