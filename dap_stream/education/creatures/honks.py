"""Geese, swans, cranes, ducks, peacocks, cocks: loud harmonic stacks that glide and break."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.calling import bouts, individuals
from dap_stream.education.creatures.throat import draw_throat, utter
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.maker import SAMPLE_RATE


@individuals(at_most=4)
def honk(rng: np.random.Generator, n_samples: int) -> F32:
    """Honk and quack: short stacks whose pitch may break upwards in the middle."""
    throat = draw_throat(rng, (150.0, 900.0), (0.001, 0.08), (0.01, 0.6))
    seconds, breaks = log_uniform(rng, 0.06, 0.7), rng.uniform(0.0, 0.8) * (rng.random() < 0.5)
    when, ends = rng.uniform(0.2, 0.7), rng.normal(0.0, 0.15, 3)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
        step = 1.0 / (1.0 + np.exp(-(np.linspace(0.0, 1.0, m) - when) * 60.0))
        bend = curve(ends, m) + breaks * step
        return utter(rng, throat, bend, curve((-0.5, 1.0, 0.0), m), swell(m, 0.1 * seconds, 0.3 * seconds))

    return bouts(rng, n_samples, call, (1, 8), (0.05, 0.7), (0.4, 4.0))


@individuals(at_most=2)
def scream(rng: np.random.Generator, n_samples: int) -> F32:
    """Scream and crow: long bright cries with wide glides, as peacocks, gulls, cocks and hawks give."""
    throat = draw_throat(rng, (350.0, 1800.0), (0.0005, 0.04), (0.005, 0.4))
    parts = [
        (log_uniform(rng, 0.1, 1.3), rng.normal(0.0, 0.3, int(rng.integers(2, 6))))
        for _ in range(int(rng.integers(1, 4)))
    ]
    trembles, depth = rng.uniform(8.0, 30.0), rng.uniform(0.0, 1.0) * (rng.random() < 0.4)

    def call(rng: np.random.Generator) -> F32:
        cries: list[F32] = []
        for seconds, shape in parts:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.85, 1.15))
            bend = curve(shape, m) + np.log(vibrato(rng, m, trembles, depth))
            envelope = swell(m, 0.2 * seconds, 0.3 * seconds)
            cries.append(utter(rng, throat, bend, curve(rng.uniform(-1.0, 1.0, 3), m), envelope))
        return np.concatenate(cries)

    return bouts(rng, n_samples, call, (1, 5), (0.1, 0.8), (0.6, 4.0))
