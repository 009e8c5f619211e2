"""Barks, growls, howls, meows, the lowing of cattle."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.calling import bouts, individuals
from dap_stream.education.creatures.throat import draw_throat, utter
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.maker import SAMPLE_RATE


@individuals(at_most=2)
def bark(rng: np.random.Generator, n_samples: int) -> F32:
    """Bark: short harsh bursts, one to eight in a row, large dogs and small ones, and foxes."""
    throat = draw_throat(rng, (110.0, 1300.0), (0.003, 0.12), (0.03, 1.0))
    seconds, shape = log_uniform(rng, 0.05, 0.4), rng.normal(0.0, 0.2, 2)
    attack, tail = log_uniform(rng, 0.004, 0.05), log_uniform(rng, 0.3, 0.9)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
        bend = curve((shape[0] - 0.25, shape[0] + 0.1, shape[1] - 0.3), m)
        return utter(rng, throat, bend, curve((-1.0, 1.0, -0.5), m), swell(m, attack, tail * seconds, 1.5))

    return bouts(rng, n_samples, call, (1, 8), (0.06, 0.8), (0.4, 4.0))


@individuals(at_most=2)
def growl(rng: np.random.Generator, n_samples: int) -> F32:
    """Growl, grunt, snort and purr: low rough pulses with much breath."""
    throat = draw_throat(rng, (22.0, 140.0), (0.01, 0.12), (0.05, 0.6))
    seconds = log_uniform(rng, 0.1, 2.5)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.3))
        beat = 1.0 + 0.5 * np.clip(wander(rng, m, 15.0), -1.5, 1.5)
        return utter(
            rng,
            throat,
            curve(rng.normal(0.0, 0.15, 4), m),
            curve(rng.uniform(-1.0, 1.0, 4), m),
            beat * swell(m, 0.25 * seconds, 0.4 * seconds),
        )

    return bouts(rng, n_samples, call, (1, 5), (0.1, 0.8), (0.5, 3.0))


@individuals(at_most=3)
def howl(rng: np.random.Generator, n_samples: int) -> F32:
    """Howl: long tones that rise, hold, tremble and fall, wolves and dogs, and also whines."""
    throat = draw_throat(rng, (180.0, 1200.0), (0.0005, 0.01), (0.005, 0.1))
    seconds, trembles, depth = (
        log_uniform(rng, 0.3, 5.0),
        rng.uniform(3.0, 9.0),
        log_uniform(rng, 0.03, 0.8),
    )

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.2))
        bend = curve((-rng.uniform(0.1, 0.7), *rng.normal(0.0, 0.1, 3), -rng.uniform(0.0, 0.5)), m)
        bend = bend + np.log(vibrato(rng, m, trembles, depth))
        return utter(
            rng, throat, bend, curve((-1.0, 0.5, 0.0, -0.5), m), swell(m, 0.15 * seconds, 0.3 * seconds)
        )

    return bouts(rng, n_samples, call, (1, 3), (0.1, 1.5), (0.5, 4.0))


@individuals(at_most=2)
def meow(rng: np.random.Generator, n_samples: int) -> F32:
    """Meow, mew and yowl: an arch of pitch while the mouth opens and closes."""
    throat = draw_throat(rng, (280.0, 1100.0), (0.0005, 0.03), (0.01, 0.3))
    seconds, arch = log_uniform(rng, 0.15, 1.6), rng.uniform(-0.1, 0.4)

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.3))
        bend = curve((0.0, arch, arch * rng.uniform(0.5, 1.2), -rng.uniform(0.0, 0.3)), m)
        opening = 2.0 * curve((-0.8, 0.7, 0.9, 0.0, -0.8), m)
        return utter(rng, throat, bend, opening, swell(m, 0.2 * seconds, 0.5 * seconds))

    return bouts(rng, n_samples, call, (1, 4), (0.15, 1.5), (0.6, 4.0))


@individuals(at_most=3)
def lowing(rng: np.random.Generator, n_samples: int) -> F32:
    """Low, bleat, whinny and bray: cattle, sheep and goats, horses and asses."""
    bleats = rng.random() < 0.5
    throat = draw_throat(rng, (150.0, 900.0) if bleats else (60.0, 260.0), (0.002, 0.05), (0.02, 0.4))
    seconds = log_uniform(rng, 0.25, 1.5) if bleats else log_uniform(rng, 0.5, 3.0)
    trembles, depth = rng.uniform(5.0, 14.0), rng.uniform(0.2, 2.0) * bleats

    def call(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
        bend = curve((-rng.uniform(0.0, 0.3), 0.0, rng.normal(0.0, 0.2), -rng.uniform(0.0, 0.4)), m)
        tremor = vibrato(rng, m, trembles, depth)
        envelope = swell(m, 0.15 * seconds, 0.3 * seconds) * tremor ** rng.uniform(0.0, 6.0)
        return utter(rng, throat, bend + np.log(tremor), curve((-1.0, -0.5, 1.0, 0.3), m), envelope)

    return bouts(rng, n_samples, call, (1, 3), (0.2, 1.5), (0.6, 4.0))
