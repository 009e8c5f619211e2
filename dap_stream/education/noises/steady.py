"""Noise that stays much the same: coloured noise, room tone, hiss, fans."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import coloured
from dap_stream.education.synthesis.noise_kernels import harmonics
from dap_stream.education.synthesis.rooms import in_room


def drifting(rng: np.random.Generator, n_samples: int) -> F64:
    """One to three colours that fade into each other at their own pace."""
    total = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 4))):
        level = gain_of_db(rng.uniform(0.0, 5.0) * slow(rng, n_samples, log_uniform(rng, 0.1, 4.0)))
        total += coloured(rng, n_samples) * level * gain_of_db(rng.uniform(-15.0, 0.0))
    return unit(total)


def coloured_noise(rng: np.random.Generator, n_samples: int) -> F32:
    """Noise of any smooth spectrum, with bumps, limits and a slow drift."""
    return levelled_as_a_whole(rng, drifting(rng, n_samples))


def room_tone(rng: np.random.Generator, n_samples: int) -> F32:
    """The sound of an empty room: mostly low, with a trace of hum and of a distant fan."""
    audio = coloured(rng, n_samples, (-12.0, -3.0), 6)
    if rng.random() < 0.5:
        audio += _blades(rng, n_samples) * gain_of_db(rng.uniform(-25.0, -3.0))
    return levelled_as_a_whole(rng, audio)


def hiss(rng: np.random.Generator, n_samples: int) -> F32:
    """Bright, of amplifiers, air, gas or a spray; at times it is let out in puffs."""
    audio = coloured(rng, n_samples, (0.0, 7.0), 4)
    if rng.random() < 0.4:
        audio *= gain_of_db(np.minimum(slow(rng, n_samples, log_uniform(rng, 0.3, 8.0)) * 12.0, 3.0))
    return levelled_as_a_whole(rng, audio)


def fan(rng: np.random.Generator, n_samples: int) -> F32:
    """Air and blades: noise that beats with the blades, their tones, a motor."""
    turns = log_uniform(rng, 3.0, 60.0) * (1.0 + 0.01 * slow(rng, n_samples, 0.7))
    phase = np.cumsum(turns) / SAMPLE_RATE
    beat = np.zeros(n_samples)
    n_blades = int(rng.integers(2, 9))
    for k in (1, n_blades, 2 * n_blades):
        beat += rng.exponential(0.15) * np.sin(2 * np.pi * (k * phase + rng.random()))
    audio = coloured(rng, n_samples, (-8.0, -1.0), 7) * np.exp(np.clip(beat, -2.0, 2.0))
    audio += _blades(rng, n_samples) * gain_of_db(rng.uniform(-25.0, 3.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))


def _blades(rng: np.random.Generator, n_samples: int) -> F64:
    base = log_uniform(rng, 20.0, 300.0)
    n = int(rng.integers(2, 20))
    fundamental = base * (1.0 + 0.004 * slow(rng, n_samples, 0.5))
    order = np.arange(1, n + 1, dtype=np.float64)
    amplitudes = rng.exponential(1.0, n) * order ** -rng.uniform(0.5, 2.0)
    return unit(harmonics(fundamental, amplitudes, rng.uniform(0, 2 * np.pi, n), order))
