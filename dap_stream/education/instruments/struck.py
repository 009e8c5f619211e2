"""Pianos, bells, bars: partials set ringing by a blow."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.instruments.playing import Instrument
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.envelopes import decay_envelope, fade_in, released
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import ring

_LONGEST = 6.0  # seconds: what rings on is faded out there


def draw_piano(rng: np.random.Generator) -> Instrument:
    """Draw a piano, harpsichord or electric piano: stretched partials that fall fast, then slowly."""
    stiff, tilt = log_uniform(rng, 2e-5, 1.5e-3), rng.uniform(0.55, 0.95)
    strike, ring_time = rng.uniform(0.06, 0.3), log_uniform(rng, 2.0, 14.0)
    second, detuned = log_uniform(rng, 0.05, 0.6), log_uniform(rng, 1e-4, 1.5e-3)
    hammer, attack = log_uniform(rng, 0.003, 0.3), log_uniform(rng, 0.0007, 0.006)
    damping, pedal = log_uniform(rng, 0.08, 0.6), rng.random() < 0.3

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        number = np.arange(1.0, min(28.0, 7600.0 / hz) + 1.0)
        partial = hz * number * np.sqrt((1.0 + stiff * number**2) / (1.0 + stiff))
        softer = tilt * rng.uniform(0.85, 1.0)
        size = (
            softer ** (number - 1.0)
            * (0.15 + np.abs(np.sin(np.pi * strike * number)))
            * rng.uniform(0.5, 1.0, len(number))
        )
        time = ring_time * (220.0 / hz) ** 0.5 / (1.0 + 0.15 * number)
        held = _LONGEST if pedal else seconds
        n = int(SAMPLE_RATE * min(held + damping, _LONGEST))
        # Two strings a little apart: one gives its sound away quickly, the other keeps it.
        sound = ring(
            rng,
            n,
            np.concatenate((partial, partial * (1.0 + detuned * rng.standard_normal(len(partial))))),
            np.concatenate((size, second * size)),
            np.concatenate((0.3 * time, time)),
        )
        m = min(n, SAMPLE_RATE // 12)
        sound[:m] += (
            np.float32(hammer)
            * band_pass(white_noise(rng, m), 80.0, min(6e3, 10.0 * hz), 1)
            * decay_envelope(m, 0.001, 0.08).astype(np.float32)
        )
        return released(fade_in(sound, attack), held, damping)

    return note


_BELL = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8, 8.2])
_BAR = np.array([1.0, 2.756, 5.404, 8.933, 13.34])
_MARIMBA = np.array([1.0, 3.93, 9.2, 16.1])
_FORK = np.array([1.0, 6.27, 17.5])


def draw_bell(rng: np.random.Generator) -> Instrument:
    """Draw a bell, chime, bowl or gong: partials off the harmonics, some in beating pairs, that ring long."""
    kind = rng.random()
    if kind < 0.4:
        ratio: F64 = _BELL * np.exp(rng.normal(0.0, 0.03, len(_BELL)))
    else:
        # Few and clear, or so many that the blow is a crash of which some remain.
        count = int(rng.integers(4, 16)) if kind < 0.8 else int(rng.integers(20, 50))
        ratio = np.sort(np.exp(rng.uniform(np.log(0.5), np.log(9.0 if kind < 0.8 else 25.0), count)))
        ratio[0] = 1.0
    size = rng.uniform(0.1, 1.0, len(ratio)) * rng.uniform(0.6, 1.0) ** (
        np.arange(len(ratio)) * 12.0 / len(ratio)
    )
    time = log_uniform(rng, 1.0, 16.0) * ratio ** -rng.uniform(0.2, 1.0) * rng.uniform(0.4, 1.0, len(ratio))
    beats, attack, clang = (
        log_uniform(rng, 0.2, 6.0),
        log_uniform(rng, 0.0005, 0.01),
        log_uniform(rng, 0.003, 0.3),
    )

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * _LONGEST)
        amplitude = size * rng.uniform(0.6, 1.0, len(size))
        pair = hz * ratio + beats * rng.uniform(0.3, 1.0, len(ratio))
        sound = ring(
            rng,
            n,
            np.concatenate((hz * ratio, pair)),
            np.concatenate((amplitude, amplitude * rng.uniform(0.0, 0.8, len(ratio)))),
            np.concatenate((time, time)),
        )
        m = SAMPLE_RATE // 20
        sound[:m] += np.float32(clang) * (white_noise(rng, m) * decay_envelope(m, 0.0005, 0.05)).astype(
            np.float32
        )
        return released(fade_in(sound, attack), _LONGEST - 0.5, 1.0)

    return note


def draw_bars(rng: np.random.Generator) -> Instrument:
    """Draw a marimba, xylophone, vibraphone, glockenspiel, kalimba or music box."""
    ratio = (_BAR, _MARIMBA, _FORK)[int(rng.integers(3))] * 1.0
    ratio[1:] *= np.exp(rng.normal(0.0, 0.02, len(ratio) - 1))
    size = log_uniform(rng, 0.05, 0.8) ** np.arange(len(ratio))
    time = log_uniform(rng, 0.3, 8.0) * ratio ** -rng.uniform(0.3, 1.3)
    attack, knock = log_uniform(rng, 0.0005, 0.006), log_uniform(rng, 0.01, 0.5)
    sways, depth = rng.uniform(2.0, 8.0), rng.uniform(0.0, 0.7) * (rng.random() < 0.3)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        length = min(_LONGEST, 1.2 * float(time[0]) * (400.0 / hz) ** 0.3)
        n = int(SAMPLE_RATE * length)
        sound = ring(rng, n, hz * ratio, size * rng.uniform(0.5, 1.0, len(size)), time * (400.0 / hz) ** 0.3)
        m = min(n, SAMPLE_RATE // 30)
        sound[:m] += (
            np.float32(knock)
            * band_pass(white_noise(rng, m), 0.5 * hz, min(4.0 * hz, 7e3), 1)
            * decay_envelope(m, 0.0005, 0.03).astype(np.float32)
        )
        if depth > 0.0:
            sound *= (1.0 - depth * np.sin(np.arange(n) * (np.pi * sways / SAMPLE_RATE)) ** 2).astype(
                np.float32
            )
        return released(fade_in(sound, attack), length - 0.02, 0.1)

    return note
