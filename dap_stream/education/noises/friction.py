"""Things drawn over each other, rubbed or crumpled."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.background import over_background
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import any_times
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import colour, coloured, filtered, white
from dap_stream.education.synthesis.noise_kernels import bursts, stick_slip, swept_band
from dap_stream.education.synthesis.rooms import in_room


def scrape_dry(rng: np.random.Generator, n_samples: int) -> F64:
    """Something is drawn over something: friction through resonances, in strokes."""
    seconds = n_samples / SAMPLE_RATE
    starts = any_times(rng, seconds, log_uniform(rng, 0.3, 4.0))
    force = np.zeros(n_samples)
    length = log_uniform(rng, 0.05, 0.8)
    for start in starts[:60]:
        n = int(length * SAMPLE_RATE * np.exp(0.4 * rng.standard_normal())) + 32
        first = int(start * SAMPLE_RATE)
        shape = np.sin(np.pi * np.linspace(0.0, 1.0, n) ** rng.uniform(0.4, 2.0)) ** rng.uniform(0.5, 2.0)
        piece = force[first : first + n]
        np.maximum(piece, shape[: len(piece)], out=piece)
    force *= np.exp(0.4 * slow(rng, n_samples, log_uniform(rng, 5.0, 80.0)))
    speed = force * gain_of_db(3.0 * slow(rng, n_samples, 10.0))
    if rng.random() < 0.5:
        source = stick_slip(force, speed, rng.random(n_samples), log_uniform(rng, 4.0, 200.0))
    else:
        source = white(rng, n_samples) * force
    thing = body(rng, (150.0, 4000.0), (0.001, 0.02))
    audio = filtered(source, colour(rng, (-6.0, 6.0))) * rng.uniform(0.05, 1.0)
    for f, decay, gain in zip(thing.frequencies[:8], thing.decays[:8], thing.gains[:8], strict=True):
        moved = np.full(n_samples, f) * (1.0 + rng.uniform(0.0, 0.2) * force)
        audio += swept_band(source, moved, np.full(n_samples, np.pi * f * max(decay, 0.001))) * gain * 6.0
    return unit(audio)


def scrapes(rng: np.random.Generator, n_samples: int) -> F32:
    """Chairs, files, brushes, fingernails, drawers."""
    total = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 4))):
        total += scrape_dry(rng, n_samples) * gain_of_db(rng.uniform(-12.0, 0.0))
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, total)))


def creak(rng: np.random.Generator, n_samples: int) -> F64:
    """Slips at a rate that glides, each a small blow on something that rings."""
    glide = log_uniform(rng, 15.0, 200.0) * np.exp(0.6 * slow(rng, n_samples, log_uniform(rng, 1.0, 5.0)))
    turns = np.cumsum(glide) / SAMPLE_RATE
    starts = np.flatnonzero(np.diff(np.floor(turns)) > 0).astype(np.float64) / SAMPLE_RATE
    gate = np.clip(slow(rng, n_samples, log_uniform(rng, 0.7, 3.0)) + rng.uniform(-1.0, 0.5), 0.0, 2.0)
    force = gate[np.minimum((starts * SAMPLE_RATE).astype(np.int64), n_samples - 1)]
    kept = force > 0.01
    if not np.any(kept):
        return np.zeros(n_samples)
    thing = body(rng, (150.0, 3000.0), (0.001, 0.012), (0.02, 1.0), (0.0003, 0.003))
    starts = starts[kept] + 0.001 * rng.random(int(kept.sum()))
    return unit(struck(rng, thing, starts, force[kept], n_samples, 2.0))


def paper(rng: np.random.Generator, n_samples: int) -> F32:
    """Paper, plastic bags, cloth, leaves: thousands of tiny clicks in gestures."""
    seconds = n_samples / SAMPLE_RATE
    gesture = np.zeros(n_samples)
    starts = (any_times(rng, seconds, log_uniform(rng, 0.4, 4.0)) * SAMPLE_RATE).astype(np.int64)
    n = len(starts)
    bursts(
        gesture,
        np.ones(n_samples),
        starts,
        log_uniform(rng, 0.01, 0.2) * rng.uniform(0.3, 1.5, n),
        log_uniform(rng, 0.02, 0.3) * rng.uniform(0.3, 1.5, n),
        blows(rng, n, 4.0),
    )
    gesture *= np.exp(0.7 * slow(rng, n_samples, log_uniform(rng, 8.0, 60.0)))
    dense = log_uniform(rng, 0.01, 0.7)
    crackle = white(rng, n_samples) * (rng.random(n_samples) < dense)
    audio = filtered(crackle * gesture, colour(rng, (-2.0, 7.0))) / np.sqrt(dense)
    audio += coloured(rng, n_samples, (-2.0, 6.0)) * gesture * rng.uniform(0.0, 0.5)
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, audio)))
