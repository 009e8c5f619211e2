"""Things struck, dropped, scraped or pressed: sparse in time, with rings and rooms around it."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.moving import water
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import any_times, in_bursts, regular, scattered
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.synthesis.noise import colour, coloured, filtered, white
from dap_stream.education.synthesis.noise_kernels import bursts, stick_slip, swept_band
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
    audio = coloured_by(rng, source, (-6.0, 6.0)) * rng.uniform(0.05, 1.0)
    for f, decay, gain in zip(thing.frequencies[:8], thing.decays[:8], thing.gains[:8], strict=True):
        moved = np.full(n_samples, f) * (1.0 + rng.uniform(0.0, 0.2) * force)
        audio += (
            swept_band(source, moved, np.full(n_samples, np.pi * f * max(decay, 0.001)), SAMPLE_RATE)
            * gain
            * 6.0
        )
    return unit(audio)


def coloured_by(rng: np.random.Generator, audio: F64, tilt: tuple[float, float]) -> F64:
    """`audio` through a random spectrum."""
    return filtered(audio, colour(rng, tilt))


def dishes(rng: np.random.Generator, n_samples: int) -> F32:
    """Washing up, laying a table, a kitchen; in a third of the cases while water runs."""
    audio = in_room(rng, dishes_dry(rng, n_samples))
    if rng.random() < 0.35:
        audio = unit(audio) + unit(water(rng, n_samples).astype(np.float64)) * gain_of_db(
            rng.uniform(-25.0, 9.0)
        )
    return levelled_as_a_whole(rng, over_ground(rng, audio))


def scrapes(rng: np.random.Generator, n_samples: int) -> F32:
    """Chairs, files, brushes, fingernails, drawers."""
    total = np.zeros(n_samples)
    for _ in range(int(rng.integers(1, 4))):
        total += scrape_dry(rng, n_samples) * gain_of_db(rng.uniform(-12.0, 0.0))
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, total)))


def over_ground(rng: np.random.Generator, audio: F64) -> F64:
    """Blows over what else is heard in the place: almost nothing, or more than they are."""
    if rng.random() < 0.15:
        return audio
    ground = coloured(rng, len(audio), (-12.0, 3.0))
    if rng.random() < 0.4:
        ground *= gain_of_db(rng.uniform(0.0, 4.0) * slow(rng, len(audio), log_uniform(rng, 0.2, 6.0)))
    level = rng.uniform(-65.0, -22.0) if rng.random() < 0.5 else rng.uniform(-22.0, 6.0)
    return unit(audio) + ground * gain_of_db(level)


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
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, total)))


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
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, total)))


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
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, total)))


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
    return levelled_as_a_whole(rng, over_ground(rng, total))


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
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, total)))


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
        SAMPLE_RATE,
    )
    gesture *= np.exp(0.7 * slow(rng, n_samples, log_uniform(rng, 8.0, 60.0)))
    dense = log_uniform(rng, 0.01, 0.7)
    crackle = white(rng, n_samples) * (rng.random(n_samples) < dense)
    audio = coloured_by(rng, crackle * gesture, (-2.0, 7.0)) / np.sqrt(dense)
    audio += coloured(rng, n_samples, (-2.0, 6.0)) * gesture * rng.uniform(0.0, 0.5)
    return levelled_as_a_whole(rng, over_ground(rng, in_room(rng, audio)))


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
