"""Things that are struck, of wood, of metal or of anything; clocks."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.noises.background import over_background
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import any_times, regular
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.rooms import in_room


def knocks(rng: np.random.Generator, n_samples: int) -> F32:
    """Wood, doors, boxes, hammers: low and short, or ringing."""
    return _things(
        rng, n_samples, (50.0, 900.0), (0.005, 0.12), (0.05, 2.0), (0.001, 0.02), (-12.0, 0.0), (0.4, 5.0)
    )


def metal(rng: np.random.Generator, n_samples: int) -> F32:
    """Bells, tools, coins, keys, chains: long and bright rings."""
    return _things(
        rng, n_samples, (200.0, 5000.0), (0.02, 0.9), (0.01, 0.6), (0.0003, 0.01), (-2.0, 8.0), (0.5, 9.0)
    )


def clicks(rng: np.random.Generator, n_samples: int) -> F32:
    """Switches, pens, mice, relays, crackling contacts: the shortest of all."""
    return _things(
        rng,
        n_samples,
        (500.0, 6500.0),
        (0.0008, 0.008),
        (0.2, 8.0),
        (0.0002, 0.003),
        (-3.0, 9.0),
        (0.5, 12.0),
    )


def anything_struck(rng: np.random.Generator, n_samples: int) -> F32:
    """Things of no particular kind."""
    return _things(
        rng, n_samples, (40.0, 6000.0), (0.001, 0.7), (0.01, 9.0), (0.0003, 0.06), (-12.0, 9.0), (0.3, 15.0)
    )


def _things(
    rng: np.random.Generator,
    n_samples: int,
    pitch: tuple[float, float],
    decay: tuple[float, float],
    contact: tuple[float, float],
    contact_decay: tuple[float, float],
    tilt: tuple[float, float],
    rate: tuple[float, float],
) -> F32:
    total = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 6))):
        thing = body(rng, pitch, decay, contact, contact_decay, tilt)
        at = any_times(rng, n_samples / SAMPLE_RATE, log_uniform(rng, *rate))
        part = struck(rng, thing, at, blows(rng, len(at), rng.uniform(0.5, 8.0)), n_samples)
        if rng.random() < 0.4:  # this one stands elsewhere
            part = in_room(rng, part)
        total += part * gain_of_db(rng.uniform(-15.0, 0.0))
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, total)))


def clock(rng: np.random.Generator, n_samples: int) -> F32:
    """Tick and tock: each a few small blows in a case that rings, as regular as can be."""
    total = np.zeros(n_samples)
    for _ in range(1 if rng.random() < 0.8 else 2):
        case = body(rng, (60.0, 3000.0), (0.003, 0.25), (0.05, 3.0), (0.0004, 0.01), (-10.0, 7.0))
        wheel = body(rng, (1000.0, 6000.0), (0.001, 0.05), (0.05, 4.0), (0.0003, 0.003), (0.0, 8.0))
        at = regular(rng, n_samples / SAMPLE_RATE, log_uniform(rng, 0.9, 8.0), log_uniform(rng, 0.0003, 0.01))
        other = np.arange(len(at)) % 2 == 1
        at = at + other * rng.uniform(-0.1, 0.1) * (at[1] - at[0] if len(at) > 1 else 0.0)
        at = np.maximum(at, 0.0)
        force = blows(rng, len(at), rng.uniform(0.1, 1.5)) * np.where(
            other, gain_of_db(rng.uniform(-12.0, 0.0)), 1.0
        )
        part = np.zeros(n_samples)
        for _ in range(int(rng.integers(1, 5))):
            late, level = rng.uniform(0.0, 0.03), gain_of_db(rng.uniform(-15.0, 0.0))
            part += struck(
                rng, case if rng.random() < 0.6 else wheel, at + late, force * level, n_samples, 1.0
            )
        if rng.random() < 0.3:
            part += struck(rng, wheel, at[other], force[other], n_samples, 1.0)
        total += unit(part) * gain_of_db(rng.uniform(-12.0, 0.0))
    return levelled_as_a_whole(rng, over_background(rng, in_room(rng, total)))
