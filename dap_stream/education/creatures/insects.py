"""Insects: pulsed tones, trains of chirps, rasping, and the hum of wings."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.creatures.calling import bouts, individuals, repeat
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import harmonic_tone


@individuals(at_most=4)
def cricket(rng: np.random.Generator, n_samples: int) -> F32:
    """Chirp: pulses of a tone, a few to a chirp or in an endless train."""
    hz, seconds = log_uniform(rng, 1.8e3, 7.2e3), log_uniform(rng, 0.006, 0.04)
    slide, gap = rng.uniform(-0.06, 0.06), seconds * rng.uniform(0.2, 1.5)
    weights = (1.0, log_uniform(rng, 0.003, 0.2))
    most = int(rng.integers(2, 9)) if rng.random() < 0.7 else 200

    def chirp(rng: np.random.Generator) -> F32:
        m = max(32, int(seconds * SAMPLE_RATE))
        pitch = hz * np.exp(slide * np.linspace(-1.0, 1.0, m)) * rng.uniform(0.998, 1.002)
        pulse = (harmonic_tone(rng, pitch, weights) * swell(m, 0.5 * seconds, 0.5 * seconds)).astype(
            np.float32
        )
        train = repeat(rng, pulse, int(rng.integers(max(1, most - 1), most + 1)), gap)
        return (train * swell(len(train), 0.3 * len(train) / SAMPLE_RATE, 0.0)).astype(np.float32)

    return bouts(rng, n_samples, chirp, (2, 20), (0.1, 0.9), (0.2, 3.0))


@individuals(at_most=3)
def rasp(rng: np.random.Generator, n_samples: int) -> F32:
    """Stridulate: a file of teeth drawn over an edge, 30 to 400 ticks a second, as grasshoppers do."""
    ticks, seconds = log_uniform(rng, 30.0, 400.0), log_uniform(rng, 0.03, 1.5)
    low = log_uniform(rng, 1.5e3, 5e3)
    high, sharp = low * rng.uniform(1.15, 2.5), log_uniform(rng, 1.0, 12.0)

    def stroke(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.9, 1.1))
        phase = np.cumsum(ticks * np.exp(curve(rng.normal(0.0, 0.1, 3), m))) * (np.pi / SAMPLE_RATE)
        teeth = np.sin(phase) ** 2
        sound = band_pass(white_noise(rng, m), low, high) * teeth**sharp
        return (sound * swell(m, rng.uniform(0.1, 0.8) * seconds, 0.1 * seconds)).astype(np.float32)

    return bouts(rng, n_samples, stroke, (1, 20), (0.02, 0.4), (0.3, 3.0))


@individuals(at_most=2)
def cicada(rng: np.random.Generator, n_samples: int) -> F32:
    """Drone and buzz: a high band with fast, deep pulses, swelling and falling over seconds."""
    carrier, pulses = log_uniform(rng, 2.5e3, 6.5e3), log_uniform(rng, 40.0, 350.0)
    slow, depth, hiss = log_uniform(rng, 1.0, 14.0), rng.uniform(0.0, 0.95), rng.uniform(0.05, 0.6)
    seconds = log_uniform(rng, 0.6, 8.0)

    def drone(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.2))
        phase = np.cumsum(pulses * (1.0 + 0.03 * wander(rng, m, 4.0))) * (2.0 * np.pi / SAMPLE_RATE)
        pulse = np.maximum(np.sin(phase), 0.0) ** 2
        tone = harmonic_tone(rng, carrier * (1.0 + 0.01 * wander(rng, m, 20.0)), (1.0,))
        grain = band_pass(white_noise(rng, m), 0.8 * carrier, 1.25 * carrier)
        sway = 1.0 - depth * (0.5 + 0.5 * np.sin(np.arange(m) * (2.0 * np.pi * slow / SAMPLE_RATE)))
        sound = ((1.0 - hiss) * tone + 1.5 * hiss * grain) * pulse * sway
        shaped: F32 = (sound * swell(m, 0.3 * seconds, 0.2 * seconds)).astype(np.float32)
        return shaped

    return bouts(rng, n_samples, drone, (1, 2), (0.1, 1.0), (0.5, 4.0))


@individuals(at_most=2)
def wings(rng: np.random.Generator, n_samples: int) -> F32:
    """Buzz by: bees, flies and mosquitoes, nearer and farther, with a harmonic hum that wavers."""
    beat, fall = log_uniform(rng, 90.0, 700.0), rng.uniform(0.5, 0.92)
    weights = rng.uniform(0.2, 1.0, 20) * fall ** np.arange(20)
    seconds = log_uniform(rng, 0.3, 5.0)

    def pass_by(rng: np.random.Generator) -> F32:
        m = int(seconds * SAMPLE_RATE * rng.uniform(0.6, 1.2))
        hz = beat * np.exp(curve(rng.normal(0.0, 0.12, 5), m) + 0.01 * wander(rng, m, 40.0))
        hz = hz * vibrato(rng, m, rng.uniform(3.0, 12.0), rng.uniform(0.0, 0.4))
        near = np.exp(0.6 * wander(rng, m, 3.0)) * swell(m, 0.45 * seconds, 0.45 * seconds, 2.0)
        return (harmonic_tone(rng, hz, weights) * near).astype(np.float32)

    return bouts(rng, n_samples, pass_by, (1, 3), (0.05, 0.8), (0.3, 3.0))
