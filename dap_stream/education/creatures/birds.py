"""Songs and calls of small birds: syllables of gliding tones, said again, strung into phrases."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.creatures.calling import Call, bouts, individuals, repeat
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import harmonic_tone


def _overtones(rng: np.random.Generator, most: int) -> F64:
    """Draw a few harmonics that fall off: often there is next to nothing beside the fundamental."""
    fall = log_uniform(rng, 0.01, 0.7)
    return np.asarray(fall ** np.arange(int(rng.integers(1, most + 1))))


def _draw_syllable(rng: np.random.Generator, low: float, high: float, longest: float) -> Call:
    """Draw one whistled or buzzing syllable; each time it is said it comes out almost the same."""
    seconds = log_uniform(rng, 0.015, longest)
    centre, span = log_uniform(rng, low, high), log_uniform(rng, 1.01, 2.0)
    shape = rng.uniform(-1.0, 1.0, int(rng.integers(1, 6)))
    weights = _overtones(rng, 4)
    trembles, depth = log_uniform(rng, 8.0, 130.0), log_uniform(rng, 0.05, 4.0) * (rng.random() < 0.4)
    beats = rng.uniform(0.0, 1.0) * (rng.random() < 0.3)
    breath = log_uniform(rng, 0.003, 0.5) * (rng.random() < 0.3)
    attack, release = (
        log_uniform(rng, 0.003, 0.6 * seconds + 0.004),
        log_uniform(rng, 0.003, 0.8 * seconds + 0.004),
    )

    def say(rng: np.random.Generator) -> F32:
        n = max(32, int(SAMPLE_RATE * seconds * rng.uniform(0.95, 1.05)))
        hz = centre * rng.uniform(0.99, 1.01) * span ** curve(shape, n)
        if depth > 0.0:
            hz = hz * vibrato(rng, n, trembles, depth)
        hz = np.clip(hz, 0.7 * low, 1.1 * high)
        sound = harmonic_tone(rng, hz, weights)
        if breath > 0.0:
            sound = sound + np.float32(breath) * band_pass(white_noise(rng, n), 0.6 * centre, 1.6 * centre)
        envelope = swell(n, attack, release)
        if beats > 0.0:
            envelope = envelope * (
                1.0 - beats * (0.5 + 0.5 * np.sin(np.arange(n) * (2 * np.pi * trembles / SAMPLE_RATE)))
            )
        return (sound * envelope).astype(np.float32)

    return say


@individuals(at_most=3)
def song(rng: np.random.Generator, n_samples: int) -> F32:
    """Sing phrases of several syllables, some of them repeated, as thrushes, robins and warblers do."""
    low = log_uniform(rng, 0.8e3, 3e3)
    high = min(7.4e3, low * rng.uniform(1.5, 4.0))
    syllables = [_draw_syllable(rng, low, high, 0.5) for _ in range(int(rng.integers(2, 14)))]
    gap, most = log_uniform(rng, 0.005, 0.2), int(rng.integers(2, 9))
    repeats = int(rng.integers(1, 6))

    def phrase(rng: np.random.Generator) -> F32:
        parts: list[F32] = []
        for _ in range(int(rng.integers(1, most + 1))):
            syllable = syllables[int(rng.integers(len(syllables)))]
            times = int(rng.integers(1, repeats + 1)) if rng.random() < 0.5 else 1
            parts.append(repeat(rng, syllable(rng), times, gap) * np.float32(log_uniform(rng, 0.3, 1.0)))
        return np.concatenate(parts)

    return bouts(rng, n_samples, phrase, (1, 3), (0.05, 0.8), (0.5, 4.0))


@individuals(at_most=3)
def trill(rng: np.random.Generator, n_samples: int) -> F32:
    """Repeat one syllable quickly, 4 to 60 times a second, while pitch and loudness drift."""
    rate = log_uniform(rng, 4.0, 60.0)
    low = log_uniform(rng, 1e3, 5e3)
    syllable = _draw_syllable(rng, low, min(7.4e3, 1.5 * low), min(0.9 / rate, 0.2))
    seconds = rng.uniform(0.3, 3.0)
    growth = rng.uniform(-1.0, 1.0)

    def burst(rng: np.random.Generator) -> F32:
        times = max(2, int(rate * seconds * rng.uniform(0.7, 1.2)))
        sound = syllable(rng)
        run = repeat(rng, sound, times, max(0.001, 1.0 / rate - len(sound) / SAMPLE_RATE))
        return (run * np.exp(growth * np.linspace(-1.0, 1.0, len(run)))).astype(np.float32)

    return bouts(rng, n_samples, burst, (1, 2), (0.1, 1.0), (0.4, 4.0))


@individuals(at_most=3)
def whistle(rng: np.random.Generator, n_samples: int) -> F32:
    """Whistle long pure tones that glide or step, one to five in a call."""
    low = log_uniform(rng, 0.6e3, 3.5e3)
    tones = [_draw_syllable(rng, low, min(7.4e3, 1.8 * low), 1.2) for _ in range(int(rng.integers(1, 6)))]
    gap = log_uniform(rng, 0.02, 0.3)

    def call(rng: np.random.Generator) -> F32:
        silence = np.zeros(int(gap * SAMPLE_RATE), dtype=np.float32)
        return np.concatenate([part for tone in tones for part in (tone(rng), silence)])

    return bouts(rng, n_samples, call, (1, 3), (0.1, 1.0), (0.5, 5.0))


@individuals(at_most=3)
def warble(rng: np.random.Generator, n_samples: int) -> F32:
    """Sing long connected runs whose pitch jumps about 5 to 25 times a second, as larks and wrens do."""
    rate, centre = log_uniform(rng, 5.0, 25.0), log_uniform(rng, 2e3, 5e3)
    span, weights, longest = rng.uniform(1.1, 2.0), _overtones(rng, 3), log_uniform(rng, 0.5, 8.0)
    notched = rng.uniform(0.3, 1.0)

    def run(rng: np.random.Generator) -> F32:
        m = int(SAMPLE_RATE * longest * rng.uniform(0.5, 1.0))
        hz = np.clip(centre * span ** wander(rng, m, rate), 800.0, 7400.0)
        dips = np.clip(1.0 - notched * (0.5 + wander(rng, m, 2.0 * rate)), 0.0, 1.0)
        return (harmonic_tone(rng, hz, weights) * dips * swell(m, 0.05, 0.05)).astype(np.float32)

    return bouts(rng, n_samples, run, (1, 2), (0.05, 0.5), (0.5, 4.0))


@individuals(at_most=3)
def harsh_call(rng: np.random.Generator, n_samples: int) -> F32:
    """Call in harmonic stacks, more or less harsh: crows, jays, gulls, parrots, starlings."""
    pitch, seconds = log_uniform(rng, 250.0, 2500.0), log_uniform(rng, 0.06, 0.9)
    shape = rng.normal(0.0, 0.25, int(rng.integers(2, 6)))
    weights = rng.uniform(0.1, 1.0, 24) * rng.uniform(0.6, 1.0) ** np.arange(24)
    rough, hiss = log_uniform(rng, 0.002, 0.15), log_uniform(rng, 0.02, 0.7)
    centre = log_uniform(rng, 1.2e3, 4e3)

    def call(rng: np.random.Generator) -> F32:
        m = int(SAMPLE_RATE * seconds * rng.uniform(0.85, 1.15))
        hz = pitch * rng.uniform(0.96, 1.04) * np.exp(curve(shape, m) + rough * wander(rng, m, 300.0))
        sound = harmonic_tone(rng, hz, weights)
        sound = sound / np.float32(np.sqrt(np.mean(sound * sound)) + 1e-6)
        sound = sound + np.float32(hiss) * white_noise(rng, m)
        sound = band_pass(sound, 0.4 * centre, 2.2 * centre, 1)
        return (sound * swell(m, 0.15 * seconds, 0.4 * seconds)).astype(np.float32)

    return bouts(rng, n_samples, call, (1, 6), (0.05, 0.6), (0.5, 4.0))


@individuals(at_most=3)
def chatter(rng: np.random.Generator, n_samples: int) -> F32:
    """Chatter: short clicks, chips and rattles in quick succession, as magpies and sparrows do."""
    centre, width = log_uniform(rng, 1.2e3, 5.5e3), rng.uniform(1.1, 1.8)
    seconds, hiss = log_uniform(rng, 0.008, 0.08), rng.uniform(0.0, 1.0)
    chip = _draw_syllable(rng, centre, min(7.4e3, centre * width), seconds + 0.02)

    def call(rng: np.random.Generator) -> F32:
        tone = chip(rng)
        m = len(tone)
        rasp = band_pass(white_noise(rng, m), centre / width, centre * width) * swell(
            m, 0.1 * seconds, 0.7 * seconds
        )
        return (np.float32(1.0 - hiss) * tone + np.float32(hiss) * rasp).astype(np.float32)

    return bouts(rng, n_samples, call, (2, 25), (0.02, 0.25), (0.3, 3.0))


@individuals(at_most=2)
def coo(rng: np.random.Generator, n_samples: int) -> F32:
    """Coo and hoot: soft low tones in a fixed rhythm, as doves, owls and cuckoos do."""
    low = log_uniform(rng, 250.0, 900.0)
    tones = [_draw_syllable(rng, low, 1.4 * low, 1.0) for _ in range(int(rng.integers(1, 5)))]
    gaps = rng.uniform(0.03, 0.3, len(tones))

    def call(rng: np.random.Generator) -> F32:
        parts: list[F32] = []
        for tone, gap in zip(tones, gaps, strict=True):
            parts += [tone(rng), np.zeros(int(gap * SAMPLE_RATE), dtype=np.float32)]
        return np.concatenate(parts)

    return bouts(rng, n_samples, call, (1, 5), (0.1, 0.8), (0.8, 4.0))
