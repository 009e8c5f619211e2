"""Bowed strings, winds, voices of an organ: tones that are kept up, and brighten as they grow louder."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.instruments.playing import Instrument
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import harmonic_tone, resonance


def _pitch(rng: np.random.Generator, n: int, hz: float, scoop: float, rate: float, depth: float) -> F64:
    """A note's pitch: it may slide into place, and the vibrato grows once it is there."""
    time = np.arange(n) / SAMPLE_RATE
    slide = scoop * rng.normal() * np.exp(-time / 0.05)
    tremble = np.log(vibrato(rng, n, rate, depth)) * np.minimum(1.0, time / 0.4)
    pitch: F64 = hz * np.exp(slide / 12.0 + tremble + 0.0008 * wander(rng, n, 12.0))
    return pitch


def draw_bowed(rng: np.random.Generator) -> Instrument:
    """Draw a violin, viola, cello or double bass, or two of them as one."""
    tilt, rate, depth = rng.uniform(0.7, 1.6), rng.uniform(4.0, 7.5), log_uniform(rng, 0.02, 0.6)
    attack, release = log_uniform(rng, 0.02, 0.4), log_uniform(rng, 0.04, 0.6)
    rosin, several = log_uniform(rng, 0.002, 0.05), 1 + int(rng.random() < 0.2)
    body = [
        (log_uniform(rng, 200.0, 4000.0), log_uniform(rng, 0.3, 3.0)) for _ in range(int(rng.integers(1, 5)))
    ]

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * (max(seconds, 0.1) + release))
        weights = np.arange(1.0, min(32.0, 7700.0 / hz) + 1.0) ** -tilt
        envelope = swell(n, attack, release) * np.exp(0.25 * wander(rng, n, 3.0))
        bright = np.minimum(1.0, 0.75 + 0.25 * envelope)
        sound = np.zeros(n, dtype=np.float32)
        for _ in range(several):
            own = hz * np.exp(0.003 * (several > 1) * rng.normal())
            sound += harmonic_tone(rng, _pitch(rng, n, own, 0.5, rate, depth), weights, bright)
        sound += np.float32(rosin) * band_pass(white_noise(rng, n), hz, 7.9e3, 1)
        whole = sound
        for centre, size in body:
            whole = whole + np.float32(size) * resonance(sound, centre, 0.2 * centre)
        return (whole * envelope).astype(np.float32)

    return note


def draw_brass(rng: np.random.Generator) -> Instrument:
    """Draw a trumpet, horn, trombone or tuba: the louder, the brighter."""
    formant, width = log_uniform(rng, 350.0, 2200.0), rng.uniform(0.5, 1.5)
    dull, shine = rng.uniform(0.35, 0.75), rng.uniform(0.8, 1.0)
    attack, release = log_uniform(rng, 0.015, 0.15), log_uniform(rng, 0.03, 0.3)
    rate, depth = rng.uniform(4.0, 7.0), log_uniform(rng, 0.01, 0.5)
    breath, decay = log_uniform(rng, 0.002, 0.06), rng.uniform(0.3, 1.0)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * (max(seconds, 0.08) + release))
        partial = hz * np.arange(1.0, min(36.0, 7700.0 / hz) + 1.0)
        weights = 1.0 / (1.0 + np.abs(np.log2(partial / formant) / width) ** 2.0)
        loud = log_uniform(rng, 0.5, 1.0)
        envelope = swell(n, attack, release) * curve((1.0, decay, decay * rng.uniform(0.7, 1.3), decay), n)
        bright = np.clip(dull + (shine - dull) * envelope * loud, 0.0, 1.0)
        sound = harmonic_tone(rng, _pitch(rng, n, hz, 1.0, rate, depth), weights, bright)
        sound += np.float32(breath) * band_pass(white_noise(rng, n), 0.5 * formant, 3.0 * formant, 1)
        return (loud * sound * envelope).astype(np.float32)

    return note


def draw_flute(rng: np.random.Generator) -> Instrument:
    """Draw a flute, recorder, panpipe, ocarina or a whistling mouth: few harmonics, and breath."""
    weights = np.concatenate(
        ((1.0,), log_uniform(rng, 0.02, 0.8) ** np.arange(1, 7) * rng.uniform(0.2, 1.0, 6))
    )
    breath, chiff = log_uniform(rng, 0.003, 0.15), log_uniform(rng, 0.01, 0.6)
    attack, release = log_uniform(rng, 0.02, 0.15), log_uniform(rng, 0.03, 0.3)
    rate, depth, sway = rng.uniform(3.5, 7.0), log_uniform(rng, 0.02, 0.4), rng.uniform(0.0, 0.4)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * (max(seconds, 0.08) + release))
        pitch = _pitch(rng, n, hz, 0.6, rate, depth)
        sound = harmonic_tone(rng, pitch, weights, np.clip(0.7 + 0.3 * swell(n, attack, release), 0.0, 1.0))
        air = band_pass(white_noise(rng, n), 0.8 * hz, min(7.8e3, 6.0 * hz), 1)
        time = np.arange(n) / SAMPLE_RATE
        sound = sound + air * (breath + chiff * np.exp(-time / 0.03)).astype(np.float32)
        size = swell(n, attack, release) * (1.0 - sway * (0.5 + 0.5 * np.sin(2.0 * np.pi * rate * time)))
        return (sound * size).astype(np.float32)

    return note


def draw_reed(rng: np.random.Generator) -> Instrument:
    """Draw a clarinet, oboe, saxophone, bassoon, accordion or bagpipe."""
    even, tilt = log_uniform(rng, 0.03, 1.0), rng.uniform(0.5, 1.6)
    formants = [
        (log_uniform(rng, 500.0, 4000.0), rng.uniform(0.5, 4.0)) for _ in range(int(rng.integers(1, 4)))
    ]
    attack, release = log_uniform(rng, 0.01, 0.15), log_uniform(rng, 0.02, 0.25)
    rate, depth = rng.uniform(4.0, 7.0), log_uniform(rng, 0.01, 0.5)
    breath, growl = log_uniform(rng, 0.001, 0.03), rng.uniform(0.0, 0.5) * (rng.random() < 0.2)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * (max(seconds, 0.08) + release))
        number = np.arange(1.0, min(36.0, 7700.0 / hz) + 1.0)
        weights = number**-tilt * np.where(number % 2 == 0, even, 1.0)
        for centre, size in formants:
            weights = weights * (1.0 + size * np.exp(-((np.log2(hz * number / centre) / 0.4) ** 2)))
        envelope = swell(n, attack, release) * np.exp(0.15 * wander(rng, n, 4.0))
        sound = harmonic_tone(
            rng, _pitch(rng, n, hz, 0.8, rate, depth), weights, np.minimum(1.0, 0.8 + 0.2 * envelope)
        )
        if growl > 0.0:
            sound = sound * (1.0 + growl * np.sin(np.arange(n) * (2.0 * np.pi * 70.0 / SAMPLE_RATE))).astype(
                np.float32
            )
        sound = sound + np.float32(breath) * band_pass(white_noise(rng, n), 500.0, 7.9e3, 1)
        return (sound * envelope).astype(np.float32)

    return note


def draw_organ(rng: np.random.Generator) -> Instrument:
    """Draw an organ or a synthesiser's pad: stops at octaves and fifths, with tremulant and slow beats."""
    weights = np.zeros(16)
    for stop in rng.choice((1, 2, 3, 4, 6, 8, 12, 16), size=int(rng.integers(2, 7)), replace=False):
        weights[stop - 1] += rng.uniform(0.2, 1.0)
    weights[:8] += log_uniform(rng, 0.01, 0.5) * rng.uniform(0.0, 1.0, 8)
    beats = log_uniform(rng, 1e-4, 8e-3)
    attack, release = log_uniform(rng, 0.005, 0.8), log_uniform(rng, 0.03, 1.0)
    rate, depth = rng.uniform(3.0, 8.0), rng.uniform(0.0, 0.3) * (rng.random() < 0.5)
    click = log_uniform(rng, 0.003, 0.3)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(SAMPLE_RATE * (max(seconds, 0.1) + release))
        tremulant = vibrato(rng, n, rate, depth)
        sound = harmonic_tone(rng, hz * tremulant, weights)
        sound += harmonic_tone(rng, hz * (1.0 + beats) * tremulant, weights)
        m = min(n, SAMPLE_RATE // 50)
        sound[:m] += np.float32(click) * white_noise(rng, m)
        return (sound * swell(n, attack, release)).astype(np.float32)

    return note
