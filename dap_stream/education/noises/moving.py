"""Sounds that swell and pass: wind, traffic, trains, waves, running water."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.kernels import bursts, harmonics, ring, swept_band, swept_low
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import rhythm, scattered
from dap_stream.education.noises.tools import (
    RATE,
    Rng,
    between,
    coloured,
    decibels,
    finished,
    in_room,
    log_between,
    maybe,
    slow,
    unit,
    white,
)


def wind(rng: Rng, n_samples: int) -> F32:
    """Gusts: the harder it blows the brighter; rumble at the microphone, whistling, rustling leaves."""
    gust = log_between(rng, 0.06, 1.4) * slow(rng, n_samples, log_between(rng, 0.15, 1.5))
    gust += log_between(rng, 0.03, 0.6) * slow(rng, n_samples, log_between(rng, 1.5, 10.0))
    force = np.exp(np.clip(gust, -4.0, 2.2))
    audio = (
        swept_low(coloured(rng, n_samples, (-9.0, -2.0), 3), log_between(rng, 60.0, 900.0) * force, RATE)
        * force
    )
    turbulence = swept_low(white(rng, n_samples), log_between(rng, 15.0, 90.0) * force, RATE)
    flutter = np.exp(np.clip(0.8 * slow(rng, n_samples, log_between(rng, 8.0, 30.0)), -2.0, 2.0))
    audio = unit(audio) + unit(turbulence * force**2 * flutter) * decibels(between(rng, -20.0, 12.0))
    for _ in range(int(rng.integers(0, 4))):
        pitch = log_between(rng, 200.0, 2500.0) * force ** between(rng, 0.1, 0.6)
        sharp = np.full(n_samples, log_between(rng, 3.0, 60.0))
        whistle = swept_band(white(rng, n_samples), pitch, sharp, RATE) * force**1.5
        audio += unit(whistle) * decibels(between(rng, -25.0, -3.0))
    if maybe(rng, 0.4):
        leaves = coloured(rng, n_samples, (0.0, 6.0), 3) * force**2
        leaves *= np.exp(0.8 * slow(rng, n_samples, log_between(rng, 10.0, 100.0)))
        audio += unit(leaves) * decibels(between(rng, -25.0, 0.0))
    if maybe(rng, 0.5):  # what is heard beside it
        audio = unit(audio) + coloured(rng, n_samples, (-9.0, 1.0)) * decibels(between(rng, -40.0, 0.0))
    return finished(rng, audio)


def passing(rng: Rng, n_samples: int, at: float) -> F64:
    """A vehicle that comes nearer and goes away: louder, brighter and higher before than after."""
    t = np.arange(n_samples) / RATE - at
    near, speed = log_between(rng, 2.0, 40.0), log_between(rng, 4.0, 35.0)
    distance = np.sqrt(near**2 + (speed * t) ** 2)
    doppler = np.asarray(1.0 / (1.0 + speed**2 * t / distance / 343.0), dtype=np.float64)
    loud = near / distance
    tyres = swept_low(
        coloured(rng, n_samples, (-6.0, 1.0), 4), log_between(rng, 500.0, 6000.0) * loud**0.7, RATE
    )
    tyres = (
        swept_band(tyres, log_between(rng, 300.0, 1500.0) * doppler**2, np.full(n_samples, 0.5), RATE) + tyres
    )
    base = log_between(rng, 20.0, 140.0) * doppler * (1.0 + 0.01 * slow(rng, n_samples, 1.0))
    n = int(rng.integers(4, 40))
    order = np.arange(1.0, n + 1.0)
    amplitudes = rng.exponential(1.0, n) * order ** -between(rng, 0.5, 1.8)
    motor = harmonics(base, amplitudes, rng.uniform(0, 6.28, n), order, RATE)
    motor *= np.exp(0.2 * slow(rng, n_samples, 20.0))
    return (unit(tyres) + unit(motor) * decibels(between(rng, -20.0, 6.0))) * loud ** between(rng, 0.7, 1.3)


def traffic(rng: Rng, n_samples: int) -> F32:
    """A road: many that pass, over the rumble of all the rest; at times a horn or brakes."""
    seconds = n_samples / RATE
    audio = coloured(rng, n_samples, (-9.0, -3.0), 4) * decibels(between(rng, -25.0, 0.0))
    audio *= decibels(2.0 * slow(rng, n_samples, 0.5))
    for at in rng.uniform(-2.0, seconds + 2.0, int(rng.integers(1, 7))):
        audio += passing(rng, n_samples, float(at)) * decibels(between(rng, -12.0, 0.0))
    if maybe(rng, 0.3):
        audio += horn(rng, n_samples) * decibels(between(rng, -25.0, 0.0))
    return finished(rng, in_room(rng, audio, between(rng, 0.0, 1.0)))


def horn(rng: Rng, n_samples: int) -> F64:
    """One to three tones with many harmonics, for a while, out in the open."""
    gate = np.zeros(n_samples)
    starts = (scattered(rng, n_samples / RATE, 0.3) * RATE).astype(np.int64)
    for start in starts:
        gate[start : start + int(log_between(rng, 0.1, 1.5) * RATE)] = 1.0
    gate = swept_low(gate, np.full(n_samples, 30.0), RATE)
    tone = np.zeros(n_samples)
    base = log_between(rng, 220.0, 600.0)
    for ratio in (1.0, 1.26, 1.5)[: int(rng.integers(1, 4))]:
        order = np.arange(1.0, 16.0)
        amplitudes = rng.exponential(1.0, 15) * order**-0.7
        pitch = base * ratio * (1.0 + 0.002 * slow(rng, n_samples, 4.0))
        tone += harmonics(pitch, amplitudes, rng.uniform(0, 6.28, 15), order, RATE)
    return unit(in_room(rng, tone * gate))


def train(rng: Rng, n_samples: int) -> F32:
    """Rumble and rush, wheels over joints in pairs of pairs, squeal, a motor; from inside or outside."""
    seconds = n_samples / RATE
    sway = decibels(between(rng, 1.0, 4.0) * slow(rng, n_samples, log_between(rng, 0.5, 5.0)))
    audio = coloured(rng, n_samples, (-12.0, -2.0), 6) * sway
    audio += coloured(rng, n_samples, (-5.0, 2.0), 5) * decibels(between(rng, -25.0, -3.0))
    for _ in range(int(rng.integers(0, 3))):
        thing = body(rng, (40.0, 900.0), (0.005, 0.1), (0.2, 4.0), (0.003, 0.06), (-10.0, 2.0))
        at = rhythm(rng, seconds, log_between(rng, 1.5, 9.0))
        clack = struck(rng, thing, at, blows(rng, len(at), between(rng, 0.5, 4.0)), n_samples)
        audio += unit(in_room(rng, clack)) * decibels(between(rng, -14.0, 6.0))
    if maybe(rng, 0.4):
        for _ in range(int(rng.integers(1, 4))):
            pitch = log_between(rng, 800.0, 6000.0) * (1.0 + 0.02 * slow(rng, n_samples, 2.0))
            squeal = swept_band(
                white(rng, n_samples), pitch, np.full(n_samples, log_between(rng, 30.0, 300.0)), RATE
            )
            gate = np.exp(np.clip(3.0 * slow(rng, n_samples, 1.0) - 2.0, -8.0, 3.0))
            audio += unit(squeal * gate) * decibels(between(rng, -25.0, 0.0))
    if maybe(rng, 0.5):
        n = int(rng.integers(4, 50))
        order = np.arange(1.0, n + 1.0)
        pitch = log_between(rng, 40.0, 600.0) * np.exp(0.3 * slow(rng, n_samples, 0.3))
        amplitudes = rng.exponential(1.0, n) * order ** -between(rng, 0.2, 1.5)
        whine = harmonics(pitch, amplitudes, rng.uniform(0, 6.28, n), order, RATE)
        audio += unit(whine * decibels(3.0 * slow(rng, n_samples, 0.7))) * decibels(between(rng, -25.0, 3.0))
    if maybe(rng, 0.12):
        audio += horn(rng, n_samples) * decibels(between(rng, -20.0, 0.0))
    return finished(rng, in_room(rng, audio, between(rng, 0.0, 1.0)))


def waves(rng: Rng, n_samples: int) -> F32:
    """Surf: swells that break bright and run out."""
    audio = coloured(rng, n_samples, (-7.0, -2.0), 3) * decibels(between(rng, -20.0, -3.0))
    for _ in range(int(rng.integers(2, 6))):
        starts = (scattered(rng, n_samples / RATE, between(rng, 0.1, 0.4)) * RATE).astype(np.int64)
        n = len(starts)
        swell = np.zeros(n_samples)
        bursts(
            swell,
            np.ones(n_samples),
            starts,
            rng.uniform(0.3, 3.0, n),
            rng.uniform(0.3, 2.5, n),
            blows(rng, n, 4.0),
            RATE,
        )
        breaker = swept_low(coloured(rng, n_samples, (-5.0, 1.0), 3), 200.0 + 5000.0 * swell, RATE)
        audio += breaker * swell * np.exp(0.3 * slow(rng, n_samples, 30.0))
    return finished(rng, audio)


def water(rng: Rng, n_samples: int) -> F32:
    """A tap, a brook, pouring, splashing: bubbles that chirp, over a rush of noise."""
    seconds = n_samples / RATE
    flow = np.exp(
        np.clip(between(rng, 0.1, 1.2) * slow(rng, n_samples, log_between(rng, 0.3, 6.0)), -4.0, 2.0)
    )
    n = int(log_between(rng, 10.0, 1200.0) * seconds) + 1
    starts = rng.integers(0, n_samples, n)
    frequencies = log_between(rng, 300.0, 2500.0) * np.exp(between(rng, 0.2, 0.8) * rng.standard_normal(n))
    decays = log_between(rng, 3.0, 20.0) / np.clip(frequencies, 100.0, 7500.0)
    strengths = blows(rng, n, between(rng, 4.0, 10.0)) * flow[starts]
    audio = np.zeros(n_samples)
    ring(audio, starts, np.clip(frequencies, 100.0, 7500.0), decays, strengths, RATE)
    rush = coloured(rng, n_samples, (-5.0, 4.0), 6) * flow
    rush *= np.exp(between(rng, 0.0, 0.5) * slow(rng, n_samples, log_between(rng, 10.0, 60.0)))
    audio = unit(audio) + unit(rush) * decibels(between(rng, -25.0, 12.0))
    return finished(rng, in_room(rng, audio))
