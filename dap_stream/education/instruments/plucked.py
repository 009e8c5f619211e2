"""Guitars, harps, lutes, basses: strings that are plucked or strummed."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.instruments.playing import Instrument
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.envelopes import decay_envelope, fade_in, released
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tone_kernels import string_kernel
from dap_stream.education.synthesis.tones import resonance, ring


def draw_string(rng: np.random.Generator) -> Instrument:
    """Draw a string that noise goes round in, with a body of two or three resonances."""
    damping, ring_time = log_uniform(rng, 0.03, 0.9), log_uniform(rng, 0.8, 10.0)
    where, dark = rng.uniform(0.05, 0.45), log_uniform(rng, 600.0, 7800.0)
    body = [(log_uniform(rng, 90.0, 1500.0), rng.uniform(0.0, 1.5)) for _ in range(int(rng.integers(0, 4)))]
    off, rings_on = log_uniform(rng, 0.05, 0.6), rng.random() < 0.5

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        hz = min(hz, 2500.0)
        period = SAMPLE_RATE / hz
        held = min(6.0, ring_time if rings_on else seconds)
        n = int(SAMPLE_RATE * min(6.0, held + off))
        pluck = band_pass(white_noise(rng, max(4, int(period))), 0.0, dark * rng.uniform(0.5, 1.0), 1)
        # Where the string is plucked some harmonics have a node: a comb over the excitation.
        back = int(where * period)
        excitation = np.zeros(len(pluck) + back, dtype=np.float32)
        excitation[: len(pluck)] += pluck
        excitation[back:] -= np.float32(0.9) * pluck
        sound = np.zeros(n, dtype=np.float32)
        loss = 10.0 ** (-3.0 * period / (ring_time * (200.0 / hz) ** 0.3 * SAMPLE_RATE))
        string_kernel(excitation, period, damping, loss, sound)
        for centre, size in body:
            sound = sound + np.float32(size) * resonance(sound, centre, 0.3 * centre)
        return released(fade_in(sound, 0.001), held, off)

    return note


def draw_guitar(rng: np.random.Generator) -> Instrument:
    """Draw a guitar, harp, lute or bass by its partials, which decay as the hand would have it."""
    stiff, tilt, where = log_uniform(rng, 1e-6, 3e-4), rng.uniform(0.5, 2.0), rng.uniform(0.05, 0.4)
    ring_time, faster = log_uniform(rng, 1.2, 14.0), log_uniform(rng, 0.05, 0.6)
    nail, attack = log_uniform(rng, 0.003, 0.2), log_uniform(rng, 0.0006, 0.01)
    off, rings_on = log_uniform(rng, 0.05, 0.6), rng.random() < 0.5
    body = rng.normal(0.0, 0.5, 64)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        number = np.arange(1.0, min(30.0, 7600.0 / hz) + 1.0)
        partial = hz * number * np.sqrt(1.0 + stiff * number**2)
        size = np.abs(np.sin(np.pi * where * number)) * number**-tilt
        size = size * np.exp(body[np.minimum(63, (partial / 125.0).astype(np.int64))])
        held = min(6.0, ring_time if rings_on else seconds)
        n = int(SAMPLE_RATE * min(6.0, held + off))
        sound = ring(rng, n, partial, size, ring_time * (200.0 / hz) ** 0.3 / (1.0 + faster * (number - 1.0)))
        m = min(n, SAMPLE_RATE // 25)
        sound[:m] += (np.float32(nail) * white_noise(rng, m) * decay_envelope(m, 0.0005, 0.03)).astype(
            np.float32
        )
        return released(fade_in(sound, attack), held, off)

    return note


def draw_plucked(rng: np.random.Generator) -> Instrument:
    """Draw either of them."""
    return draw_string(rng) if rng.random() < 0.5 else draw_guitar(rng)
