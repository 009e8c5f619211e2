"""Things that turn, hum, whirr or beep: periodic sources, and noise in step with them."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.harmonic_tones import random_harmonics
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import regular, rhythm
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import colour, coloured, filtered
from dap_stream.education.synthesis.noise_kernels import swept_band, swept_low
from dap_stream.education.synthesis.rooms import in_room


def hum(rng: np.random.Generator, n_samples: int) -> F32:
    """Mains: 50 or 60 Hz, harmonics that come and go, a buzz; transformers, lamps, bad cables."""
    base = (50.0 if rng.random() < 0.5 else 60.0) * (1.0 + 0.0015 * slow(rng, n_samples, 0.3))
    if rng.random() < 0.25:
        base *= log_uniform(rng, 0.5, 8.0)
    audio = random_harmonics(rng, base, int(rng.choice((6, 20, 60))), (-12.0, 0.0))
    for _ in range(int(rng.integers(0, 3))):
        swell = gain_of_db(4.0 * slow(rng, n_samples, log_uniform(rng, 0.2, 3.0)))
        audio += (
            random_harmonics(rng, base, 60, (-6.0, 2.0), 0.6) * swell * gain_of_db(rng.uniform(-25.0, 0.0))
        )
    if rng.random() < 0.35:
        audio *= _load(rng, n_samples)
    audio += coloured(rng, n_samples, (-9.0, 3.0)) * gain_of_db(rng.uniform(-50.0, 6.0))
    return levelled_as_a_whole(rng, audio)


def engine(rng: np.random.Generator, n_samples: int) -> F32:
    """Cylinders that fire, unequal ones, through a pipe; idling, revving, shaking what is around."""
    seconds_per_turn = 1.0 / log_uniform(rng, 6.0, 70.0)
    revs = np.exp(rng.uniform(0.0, 0.5) * slow(rng, n_samples, log_uniform(rng, 0.1, 1.5)))
    revs *= 1.0 + rng.uniform(0.0, 0.03) * slow(rng, n_samples, 12.0)
    turns = np.cumsum(revs) / (seconds_per_turn * SAMPLE_RATE)
    n_cylinders = int(rng.integers(1, 9))
    fired = np.floor(turns * n_cylinders * 0.5)
    starts = np.flatnonzero(np.diff(fired, prepend=0.0) > 0)
    weights = gain_of_db(rng.uniform(0.0, 5.0) * rng.standard_normal(n_cylinders))
    pulses = np.zeros(n_samples)
    pulses[starts] = weights[np.arange(len(starts)) % n_cylinders] * blows(
        rng, len(starts), rng.uniform(0.2, 3.0)
    )
    rough = swept_low(pulses, np.full(n_samples, log_uniform(rng, 60.0, 400.0)))
    pipe = filtered(pulses, colour(rng, (-12.0, -2.0), 9))
    rattle = coloured(rng, n_samples, (-4.0, 4.0), 6) * np.maximum(rough, 0.0)
    audio = unit(pipe) + unit(rattle) * gain_of_db(rng.uniform(-25.0, 3.0))
    if rng.random() < 0.6:
        audio += random_harmonics(
            rng, revs / seconds_per_turn * rng.uniform(0.5, 12.0), 10, (-9.0, 0.0)
        ) * gain_of_db(rng.uniform(-25.0, -3.0))
    audio += coloured(rng, n_samples, (-9.0, 2.0)) * gain_of_db(rng.uniform(-40.0, 9.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))


def motor(rng: np.random.Generator, n_samples: int) -> F32:
    """Electric: a whine that runs up, down or along, gears, brushes; drills, mixers, razors, saws."""
    base = log_uniform(rng, 40.0, 900.0) * np.ones(n_samples)
    if rng.random() < 0.6:
        base *= np.exp(rng.uniform(0.0, 0.5) * slow(rng, n_samples, log_uniform(rng, 0.1, 3.0)))
    base *= 1.0 + 0.003 * slow(rng, n_samples, 15.0)
    audio = random_harmonics(rng, base, 40, (-9.0, 1.0))
    for _ in range(int(rng.integers(0, 3))):
        audio += random_harmonics(rng, base * rng.uniform(1.3, 17.0), 8, (-6.0, 2.0)) * gain_of_db(
            rng.uniform(-20.0, 3.0)
        )
    if rng.random() < 0.6:  # something in it turns unevenly
        pace = log_uniform(rng, 1.5, 40.0) * (1.0 + 0.03 * slow(rng, n_samples, 1.0))
        turn = np.sin(2 * np.pi * np.cumsum(pace) / SAMPLE_RATE)
        audio *= np.exp(rng.uniform(0.05, 0.9) * turn + rng.uniform(0.0, 0.4) * slow(rng, n_samples, 20.0))
    turning = np.sin(2 * np.pi * np.cumsum(base) / SAMPLE_RATE / float(rng.integers(1, 8)))
    brush = coloured(rng, n_samples, (-4.0, 5.0), 7) * np.exp(rng.uniform(0.0, 1.2) * turning)
    audio += unit(brush) * gain_of_db(rng.uniform(-25.0, 9.0))
    return levelled_as_a_whole(rng, in_room(rng, audio * _load(rng, n_samples)))


def _load(rng: np.random.Generator, n_samples: int) -> F64:
    """On and off, or steady work."""
    if rng.random() < 0.6:
        return gain_of_db(rng.uniform(0.0, 3.0) * slow(rng, n_samples, log_uniform(rng, 0.5, 5.0)))
    gate = (slow(rng, n_samples, log_uniform(rng, 0.5, 3.0)) > rng.uniform(-1.0, 0.3)).astype(np.float64)
    return np.asarray(swept_low(gate, np.full(n_samples, log_uniform(rng, 2.0, 20.0))) + 0.01, np.float64)


def vacuum(rng: np.random.Generator, n_samples: int) -> F32:
    """A rush of air, a turbine, a nozzle that is pushed about; hair dryers, hoods, blowers."""
    push = slow(rng, n_samples, log_uniform(rng, 0.3, 1.5))
    audio = coloured(rng, n_samples, (-5.0, 2.0), 8)
    mouth = log_uniform(rng, 300.0, 3000.0) * np.exp(rng.uniform(0.0, 0.25) * push)
    air = swept_band(
        coloured(rng, n_samples, (-3.0, 3.0)), mouth, np.full(n_samples, log_uniform(rng, 0.7, 8.0))
    )
    audio += unit(air) * gain_of_db(rng.uniform(-12.0, 6.0))
    base = log_uniform(rng, 90.0, 900.0) * (1.0 + 0.02 * push + 0.002 * slow(rng, n_samples, 8.0))
    audio += random_harmonics(rng, base, 30, (-9.0, 0.0)) * gain_of_db(rng.uniform(-18.0, 3.0))
    return levelled_as_a_whole(rng, in_room(rng, audio * gain_of_db(2.0 * push)))


def printer(rng: np.random.Generator, n_samples: int) -> F32:
    """Patterns that repeat: a carriage that whirrs, a stepper's notes, clunks, paper feed, pauses."""
    seconds, rate = n_samples / SAMPLE_RATE, log_uniform(rng, 0.4, 6.0)
    period = int(SAMPLE_RATE / rate * int(rng.integers(1, 5)))
    total = coloured(rng, n_samples, (-8.0, 0.0), 5) * gain_of_db(rng.uniform(-45.0, 6.0))
    for _ in range(int(rng.integers(2, 7))):
        gate = _pattern(rng, n_samples, period)
        kind = int(rng.integers(0, 4))
        if kind == 0:  # a stepper: steps of a rate that ramps within the gate
            steps = (
                log_uniform(rng, 60.0, 1500.0) * (0.4 + 0.6 * gate) * (1.0 + 0.01 * slow(rng, n_samples, 5.0))
            )
            part = random_harmonics(rng, steps, 25, (-8.0, 2.0)) * gate
        elif kind == 1:  # whirr
            pace = log_uniform(rng, 15.0, 200.0)
            beat = np.sin(2 * np.pi * pace * np.arange(n_samples) / SAMPLE_RATE)
            part = coloured(rng, n_samples, (-4.0, 5.0), 8) * gate * np.exp(rng.uniform(0.0, 1.5) * beat)
        elif kind == 2:  # pins or teeth: very many small blows
            at = regular(rng, seconds, log_uniform(rng, 25.0, 300.0), log_uniform(rng, 0.005, 0.2))
            force = np.maximum(gate[np.minimum((at * SAMPLE_RATE).astype(np.int64), n_samples - 1)], 1e-4)
            pin = body(rng, (300.0, 4500.0), (0.0008, 0.006), (0.2, 5.0), (0.0004, 0.003), (-3.0, 7.0))
            part = struck(rng, pin, at, force, n_samples, 3.0)
        else:
            at = rhythm(rng, seconds, rate)
            clunk = body(rng, (60.0, 1800.0), (0.004, 0.07), (0.2, 4.0), (0.001, 0.03), (-9.0, 3.0))
            part = struck(rng, clunk, at, blows(rng, len(at), 3.0), n_samples)
        total += unit(part) * gain_of_db(rng.uniform(-12.0, 3.0))
    return levelled_as_a_whole(rng, in_room(rng, total))


def _pattern(rng: np.random.Generator, n_samples: int, period: int) -> F64:
    """On and off in the same way in each period, with soft edges."""
    one = np.zeros(max(period, 64))
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(0, len(one)))
        one[start : start + int(len(one) * rng.uniform(0.05, 0.6))] = rng.uniform(0.3, 1.0)
    gate = np.resize(np.roll(one, int(rng.integers(0, len(one)))), n_samples)
    return np.asarray(
        np.maximum(swept_low(gate, np.full(n_samples, log_uniform(rng, 8.0, 60.0))), 0.0),
        np.float64,
    )


def beeps(rng: np.random.Generator, n_samples: int) -> F32:
    """Alarms, telephones, toys, sirens: tones switched, swept or in turns, over a little noise."""
    period = int(SAMPLE_RATE / log_uniform(rng, 0.5, 10.0))
    audio = coloured(rng, n_samples, (-9.0, 1.0)) * gain_of_db(rng.uniform(-45.0, -6.0))
    for _ in range(int(rng.integers(1, 4))):
        pitch = log_uniform(rng, 250.0, 3800.0) * np.ones(n_samples)
        kind = int(rng.integers(0, 4))
        if kind == 1:  # two or more notes in turns
            notes = np.exp(rng.uniform(-0.5, 0.5, int(rng.integers(2, 6))))
            pitch *= notes[(np.arange(n_samples) // period) % len(notes)]
        elif kind == 2:  # wails
            turns = np.arange(n_samples) / (period * rng.uniform(1.0, 8.0))
            pitch *= np.exp(rng.uniform(0.1, 0.6) * np.sin(2 * np.pi * turns))
        elif kind == 3:  # warbles
            turns = np.arange(n_samples) / SAMPLE_RATE * log_uniform(rng, 8.0, 40.0)
            pitch *= np.where(turns % 1.0 < 0.5, 1.0, rng.uniform(1.05, 1.5))
        part = random_harmonics(rng, pitch, 8, (-18.0, -2.0), 0.5) * _pattern(rng, n_samples, period)
        audio += unit(part) * gain_of_db(rng.uniform(-15.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))
