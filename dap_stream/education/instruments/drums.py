"""Drums, cymbals, shakers, and the patterns they play."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.envelopes import add_at, decay_envelope, fade_in, released
from dap_stream.education.synthesis.filters import band_pass
from dap_stream.education.synthesis.levels import levelled_by_frames
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.rooms import somewhere
from dap_stream.education.synthesis.tones import harmonic_tone, ring

Hit = Callable[[np.random.Generator], F32]
"""One blow on one drum."""

_SKIN = np.array([1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.5, 3.6, 4.06])  # an ideal membrane
_LOADED = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.1, 7.2])  # tabla: its paste brings them to harmonics


def _draw_skin(rng: np.random.Generator) -> Hit:
    """Tom, conga, djembe, frame drum, tabla: modes of a skin, and the slap of the hand or stick."""
    ratio = (_LOADED if rng.random() < 0.5 else _SKIN) * 1.0
    ratio[1:] *= np.exp(rng.normal(0.0, 0.02, len(ratio) - 1))
    hz, size = log_uniform(rng, 60.0, 500.0), rng.uniform(0.05, 1.0, len(ratio))
    time = log_uniform(rng, 0.15, 2.5) * ratio ** -rng.uniform(0.0, 1.2)
    slap, low = log_uniform(rng, 0.03, 1.0), log_uniform(rng, 200.0, 2500.0)
    bend = rng.normal(0.0, 0.4) * (rng.random() < 0.3)

    def hit(rng: np.random.Generator) -> F32:
        n = int(SAMPLE_RATE * min(2.5, 1.1 * float(time.max())))
        if bend != 0.0:
            glide = hz * np.exp(bend * (1.0 - np.exp(-np.arange(n) / (0.15 * SAMPLE_RATE))))
            sound = (harmonic_tone(rng, glide, size[:4]) * decay_envelope(n, 0.002, float(time[0]))).astype(
                np.float32
            )
        else:
            sound = ring(
                rng, n, hz * rng.uniform(0.99, 1.01) * ratio, size * rng.uniform(0.3, 1.0, len(size)), time
            )
        m = min(n, SAMPLE_RATE // 15)
        sound[:m] += (
            slap * band_pass(white_noise(rng, m), low, 4.0 * low, 1) * decay_envelope(m, 0.0005, 0.06)
        ).astype(np.float32)
        return released(fade_in(sound, 0.001), n / SAMPLE_RATE - 0.02, 0.1)

    return hit


def _draw_kick(rng: np.random.Generator) -> Hit:
    """A tone that falls from the blow to its own pitch, with a click."""
    hz, above, fall = log_uniform(rng, 35.0, 90.0), rng.uniform(0.3, 4.0), log_uniform(rng, 0.008, 0.08)
    seconds, click = log_uniform(rng, 0.15, 1.2), log_uniform(rng, 0.01, 0.5)

    def hit(rng: np.random.Generator) -> F32:
        n = int(seconds * SAMPLE_RATE)
        glide = hz * (1.0 + above * np.exp(-np.arange(n) / (fall * SAMPLE_RATE)))
        sound = harmonic_tone(rng, glide, (1.0, 0.15, 0.05)) * decay_envelope(n, 0.002, seconds)
        m = min(n, SAMPLE_RATE // 60)
        sound[:m] += click * white_noise(rng, m) * decay_envelope(m, 0.0005, 0.015)
        return sound.astype(np.float32)

    return hit


def _draw_snare(rng: np.random.Generator) -> Hit:
    """A skin with rattling wires; without the skin, claps and brushes."""
    hz, seconds, low = (
        log_uniform(rng, 120.0, 350.0),
        log_uniform(rng, 0.08, 0.6),
        log_uniform(rng, 300.0, 2500.0),
    )
    skin, claps, sharp = rng.uniform(0.0, 1.5), int(rng.integers(1, 5)), log_uniform(rng, 0.0005, 0.03)

    def hit(rng: np.random.Generator) -> F32:
        n = int(seconds * SAMPLE_RATE)
        wires = band_pass(white_noise(rng, n), low, 7.9e3, 1)
        envelope = decay_envelope(n, sharp, seconds)
        for k in range(1, claps if skin < 0.3 else 1):
            envelope[min(n, int(k * 0.012 * SAMPLE_RATE)) :] += 0.7 * decay_envelope(
                max(0, n - int(k * 0.012 * SAMPLE_RATE)), sharp, seconds
            )
        tone = ring(rng, n, hz * _SKIN[:5], skin * 0.6 ** np.arange(5), np.full(5, 0.6 * seconds))
        return (wires * envelope + fade_in(tone, 0.001)).astype(np.float32)

    return hit


def _draw_metal(rng: np.random.Generator) -> Hit:
    """Hi-hat, ride, crash, triangle, shaker: many high modes, or noise of high bands."""
    # Most are short: long ones in quick succession are a steady hiss.
    seconds = log_uniform(rng, 0.03, 0.6) if rng.random() < 0.75 else log_uniform(rng, 0.6, 3.5)
    low = log_uniform(rng, 1e3, 6e3)
    modes = np.exp(rng.uniform(np.log(300.0), np.log(7.6e3), int(rng.integers(6, 40))))
    grain, attack = rng.uniform(0.0, 1.0), log_uniform(rng, 0.0005, 0.03)
    size, time = rng.uniform(0.1, 1.0, len(modes)), seconds * rng.uniform(0.3, 1.0, len(modes))

    def hit(rng: np.random.Generator) -> F32:
        n = max(160, int(seconds * SAMPLE_RATE))
        hiss = band_pass(white_noise(rng, n), low, 7.95e3, 1) * (grain * decay_envelope(n, attack, seconds))
        tones = ring(
            rng, n, modes, size * rng.uniform(0.3, 1.0, len(size)) * (1.0 - grain) / np.sqrt(len(modes)), time
        )
        return (hiss + fade_in(released(tones, seconds - 0.01, 0.05)[:n], attack)).astype(np.float32)

    return hit


_DRAWS = (_draw_skin, _draw_kick, _draw_snare, _draw_metal)


def pattern(rng: np.random.Generator, n: int, hits: list[Hit], beat: float) -> F32:
    """Play a loop: each drum its own steps, some of them left out, stressed or displaced.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.
    hits : list of Hit
        The drums.
    beat : float
        A beat in seconds.

    Returns
    -------
    F32
        The pattern, ``[n]``.
    """
    out = np.zeros(n, dtype=np.float32)
    step, steps = beat / float(rng.choice((2.0, 3.0, 4.0))), int(rng.choice((6, 8, 12, 16)))
    step = max(step, 0.09)
    swing, late = rng.uniform(0.0, 0.3) * (rng.random() < 0.4), rng.uniform(0.0, 0.01)
    grids = [rng.random(steps) < log_uniform(rng, 0.08, 0.8) for _ in hits]
    stress = rng.uniform(0.3, 1.0, (len(hits), steps))
    sizes = [log_uniform(rng, 0.3, 1.0) for _ in hits]
    skipped, begin = rng.uniform(0.0, 0.3), rng.uniform(0.0, min(0.3 * n / SAMPLE_RATE, 1.0))
    grids[0][0] = True
    for k in range(int((n / SAMPLE_RATE - begin) / step) + 1):
        at = int(SAMPLE_RATE * (begin + step * (k + swing * (k % 2)) + late * rng.random()))
        for hit, grid, stressed, size in zip(hits, grids, stress, sizes, strict=True):
            if grid[k % steps] and (k == 0 or rng.random() >= skipped):
                add_at(out, hit(rng), at, size * stressed[k % steps] * rng.uniform(0.8, 1.0))
    return out


def draw_kit(rng: np.random.Generator) -> list[Hit]:
    """Draw the drums that play together.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    list of Hit
        One to five of them.
    """
    return [_DRAWS[int(rng.integers(len(_DRAWS)))](rng) for _ in range(int(rng.integers(1, 6)))]


def kit(rng: np.random.Generator, n_samples: int) -> F32:
    """Play a loop on a kit of drums."""
    return levelled_by_frames(
        rng, somewhere(rng, pattern(rng, n_samples, draw_kit(rng), log_uniform(rng, 0.3, 1.2)), 0.5, 1.5)
    )


def hand_drums(rng: np.random.Generator, n_samples: int) -> F32:
    """Play two to six pitched strokes, as on tablas, congas or a frame drum."""
    hits = [_draw_skin(rng) for _ in range(int(rng.integers(2, 7)))]
    return levelled_by_frames(
        rng, somewhere(rng, pattern(rng, n_samples, hits, log_uniform(rng, 0.3, 1.2)), 0.5, 1.5)
    )


def single_hits(rng: np.random.Generator, n_samples: int) -> F32:
    """Hit one drum or cymbal now and then, and let it ring into silence."""
    hits, out = draw_kit(rng), np.zeros(n_samples, dtype=np.float32)
    gap = log_uniform(rng, 0.3, 3.0)
    at = int(rng.uniform(0.0, min(0.4 * n_samples, gap * SAMPLE_RATE)))
    while at < n_samples:
        add_at(out, hits[int(rng.integers(len(hits)))](rng), at, log_uniform(rng, 0.3, 1.0))
        at += max(1, int(gap * SAMPLE_RATE * rng.uniform(0.6, 1.6)))
    return levelled_by_frames(rng, somewhere(rng, out, 0.5, 3.0))
