"""A house and those who live in it: dishes, typing, steps, doors, and all of it at once."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.background import over_background
from dap_stream.education.noises.friction import creak, paper, scrape_dry, scrapes
from dap_stream.education.noises.hits import clicks, knocks, metal
from dap_stream.education.noises.moving import water
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import any_times, in_bursts, regular, scattered
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.synthesis.rooms import in_room


def dishes_dry(rng: np.random.Generator, n_samples: int) -> F64:
    """Plates, glasses, cutlery: several that ring, in clusters, near and far, scraped and put down."""
    seconds, total = n_samples / SAMPLE_RATE, np.zeros(n_samples)
    busy = log_uniform(rng, 0.7, 40.0)
    for _ in range(int(rng.integers(2, 8))):
        thing = body(rng, (250.0, 4500.0), (0.002, 0.35), (0.02, 4.0), (0.0005, 0.015), (-5.0, 8.0))
        at = any_times(rng, seconds, busy * rng.uniform(0.1, 0.6))
        part = struck(rng, thing, at, blows(rng, len(at), rng.uniform(2.0, 9.0)), n_samples, 6.0)
        total += part * gain_of_db(rng.uniform(-18.0, 0.0))
    if rng.random() < 0.5:
        total += unit(scrape_dry(rng, n_samples)) * np.std(total) * gain_of_db(rng.uniform(-15.0, 3.0))
    if rng.random() < 0.5:
        thing = body(rng, (60.0, 500.0), (0.01, 0.08), (0.2, 2.0), (0.003, 0.03), (-9.0, 0.0))
        at = scattered(rng, seconds, log_uniform(rng, 0.3, 2.0))
        total += struck(rng, thing, at, blows(rng, len(at), 5.0), n_samples) * gain_of_db(
            rng.uniform(-12.0, 6.0)
        )
    return total


def dishes(rng: np.random.Generator, n_samples: int) -> F32:
    """Washing up, laying a table, a kitchen; in a third of the cases while water runs."""
    audio = in_room(rng, dishes_dry(rng, n_samples))
    if rng.random() < 0.35:
        audio = unit(audio) + unit(water(rng, n_samples).astype(np.float64)) * gain_of_db(
            rng.uniform(-25.0, 9.0)
        )
    return levelled_as_a_whole(rng, over_background(rng, audio))


def typing(rng: np.random.Generator, n_samples: int) -> F32:
    """Keys go down and up again: two clicks in one body, in words and pauses; some keys are larger."""
    seconds = n_samples / SAMPLE_RATE
    total = np.zeros(n_samples)
    for _ in range(1 if rng.random() < 0.75 else 2):
        at = in_bursts(rng, seconds, log_uniform(rng, 2.5, 14.0), log_uniform(rng, 0.1, 1.2))
        held = np.maximum(log_uniform(rng, 0.04, 0.13) * np.exp(0.3 * rng.standard_normal(len(at))), 0.02)
        keys = [
            (
                body(rng, (150.0, 3500.0), (0.001, 0.015), (0.3, 6.0), (0.0006, 0.006), (-4.0, 6.0)),
                body(rng, (400.0, 5000.0), (0.001, 0.008), (0.3, 6.0), (0.0004, 0.004), (-2.0, 7.0)),
            )
            for _ in range(int(rng.integers(1, 4)))
        ]
        table = body(rng, (60.0, 400.0), (0.005, 0.05), (0.05, 1.0), (0.002, 0.015), (-9.0, -2.0))
        up_level, table_level = gain_of_db(rng.uniform(-18.0, 2.0)), gain_of_db(rng.uniform(-35.0, 6.0))
        slack, early = rng.uniform(0.001, 0.012), gain_of_db(rng.uniform(-20.0, 0.0))
        which = rng.integers(0, len(keys), len(at))
        force = blows(rng, len(at), rng.uniform(1.5, 5.0))
        part = struck(rng, table, at, force, n_samples) * table_level
        for k, (down, up) in enumerate(keys):
            mine = which == k
            if np.any(mine):
                part += struck(rng, down, at[mine], force[mine], n_samples)
                # The finger touches the key a little before the key touches the ground.
                part += struck(rng, up, np.maximum(at[mine] - slack, 0.0), force[mine], n_samples) * early
                part += struck(rng, up, at[mine] + held[mine], force[mine], n_samples) * up_level
        total += unit(part) * gain_of_db(rng.uniform(-9.0, 0.0))
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, total)))


def footsteps(rng: np.random.Generator, n_samples: int) -> F32:
    """One to four walkers: heel and sole, a floor, at times gravel or leaves under them."""
    total = np.zeros(n_samples)
    for _ in range(1 + int(rng.integers(0, 4)) * int(rng.random() < 0.4)):
        at = regular(rng, n_samples / SAMPLE_RATE, log_uniform(rng, 1.2, 3.5), rng.uniform(0.01, 0.08))
        force = blows(rng, len(at), rng.uniform(1.0, 4.0))
        heel = body(rng, (50.0, 700.0), (0.004, 0.06), (0.1, 3.0), (0.001, 0.015), (-10.0, 3.0))
        sole = body(rng, (80.0, 1500.0), (0.002, 0.03), (0.3, 5.0), (0.005, 0.06), (-8.0, 4.0))
        part = struck(rng, heel, at, force, n_samples)
        part += struck(rng, sole, at + rng.uniform(0.03, 0.15), force * rng.uniform(0.05, 1.0), n_samples)
        if rng.random() < 0.4:
            n = int(rng.integers(5, 60))
            grit = (at[:, None] + rng.gamma(2.0, 0.03, (len(at), n))).ravel()
            crumb = body(rng, (800.0, 6000.0), (0.0006, 0.004), (0.5, 6.0), (0.0004, 0.004), (-2.0, 7.0))
            part += struck(
                rng, crumb, grit, rng.exponential(rng.uniform(0.05, 0.5), len(grit)) + 1e-3, n_samples
            )
        total += in_room(rng, unit(part)) * gain_of_db(rng.uniform(-15.0, 0.0))
    return levelled_as_a_whole(rng, over_background(rng, total))


def doors(rng: np.random.Generator, n_samples: int) -> F32:
    """A creak, a slam, a latch, a rattle; the same again some time later."""
    seconds = n_samples / SAMPLE_RATE
    at = scattered(rng, seconds, log_uniform(rng, 0.15, 0.8))
    force = blows(rng, len(at), 4.0)
    slam = body(rng, (35.0, 250.0), (0.02, 0.2), (0.3, 4.0), (0.01, 0.12), (-14.0, -3.0))
    latch = body(rng, (400.0, 5000.0), (0.002, 0.08), (0.1, 4.0), (0.0005, 0.006), (-3.0, 7.0))
    total = struck(rng, slam, at, force, n_samples)
    for _ in range(int(rng.integers(1, 5))):
        late = rng.normal(0.0, 0.15, len(at))
        total += struck(
            rng, latch, np.clip(at + late, 0.0, seconds), force * rng.uniform(0.05, 1.0), n_samples
        )
    if rng.random() < 0.6:
        total += creak(rng, n_samples) * np.std(total) * gain_of_db(rng.uniform(-12.0, 6.0))
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, total)))


def clutter(rng: np.random.Generator, n_samples: int) -> F32:
    """Several kinds at once, each somewhere else in the same house."""
    kinds: tuple[MakeSound, ...] = (
        dishes,
        typing,
        knocks,
        metal,
        clicks,
        footsteps,
        doors,
        paper,
        scrapes,
    )
    total = np.zeros(n_samples)
    for k in rng.choice(len(kinds), int(rng.integers(2, 5)), replace=False):
        total += kinds[k](rng, n_samples) * gain_of_db(rng.uniform(-15.0, 0.0))
    return levelled_as_a_whole(rng, total)
