"""Sounds that swell and pass: wind, traffic, trains, waves, running water."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.noises.objects import blows, body, struck
from dap_stream.education.noises.times import rhythm, scattered
from dap_stream.education.synthesis.chance import log_uniform, slow
from dap_stream.education.synthesis.levels import gain_of_db, levelled_as_a_whole, unit
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import coloured, white
from dap_stream.education.synthesis.noise_kernels import (
    bursts,
    damped_sines,
    harmonics,
    swept_band,
    swept_low,
)
from dap_stream.education.synthesis.rooms import in_room


def wind(rng: np.random.Generator, n_samples: int) -> F32:
    """Gusts: the harder it blows the brighter; rumble at the microphone, whistling, rustling leaves."""
    gust = log_uniform(rng, 0.06, 1.4) * slow(rng, n_samples, log_uniform(rng, 0.15, 1.5))
    gust += log_uniform(rng, 0.03, 0.6) * slow(rng, n_samples, log_uniform(rng, 1.5, 10.0))
    force = np.exp(np.clip(gust, -4.0, 2.2))
    audio = (
        swept_low(coloured(rng, n_samples, (-9.0, -2.0), 3), log_uniform(rng, 60.0, 900.0) * force) * force
    )
    turbulence = swept_low(white(rng, n_samples), log_uniform(rng, 15.0, 90.0) * force)
    flutter = np.exp(np.clip(0.8 * slow(rng, n_samples, log_uniform(rng, 8.0, 30.0)), -2.0, 2.0))
    audio = unit(audio) + unit(turbulence * force**2 * flutter) * gain_of_db(rng.uniform(-20.0, 12.0))
    for _ in range(int(rng.integers(0, 4))):
        pitch = log_uniform(rng, 200.0, 2500.0) * force ** rng.uniform(0.1, 0.6)
        sharp = np.full(n_samples, log_uniform(rng, 3.0, 60.0))
        whistle = swept_band(white(rng, n_samples), pitch, sharp) * force**1.5
        audio += unit(whistle) * gain_of_db(rng.uniform(-25.0, -3.0))
    if rng.random() < 0.4:
        leaves = coloured(rng, n_samples, (0.0, 6.0), 3) * force**2
        leaves *= np.exp(0.8 * slow(rng, n_samples, log_uniform(rng, 10.0, 100.0)))
        audio += unit(leaves) * gain_of_db(rng.uniform(-25.0, 0.0))
    if rng.random() < 0.5:  # what is heard beside it
        audio = unit(audio) + coloured(rng, n_samples, (-9.0, 1.0)) * gain_of_db(rng.uniform(-40.0, 0.0))
    return levelled_as_a_whole(rng, audio)


def passing(rng: np.random.Generator, n_samples: int, at: float) -> F64:
    """A vehicle that comes nearer and goes away: louder, brighter and higher before than after."""
    t = np.arange(n_samples) / SAMPLE_RATE - at
    near, speed = log_uniform(rng, 2.0, 40.0), log_uniform(rng, 4.0, 35.0)
    distance = np.sqrt(near**2 + (speed * t) ** 2)
    doppler = np.asarray(1.0 / (1.0 + speed**2 * t / distance / 343.0), dtype=np.float64)
    loud = near / distance
    tyres = swept_low(coloured(rng, n_samples, (-6.0, 1.0), 4), log_uniform(rng, 500.0, 6000.0) * loud**0.7)
    tyres = swept_band(tyres, log_uniform(rng, 300.0, 1500.0) * doppler**2, np.full(n_samples, 0.5)) + tyres
    base = log_uniform(rng, 20.0, 140.0) * doppler * (1.0 + 0.01 * slow(rng, n_samples, 1.0))
    motor = _motor(rng, base, int(rng.integers(4, 40)), (0.5, 1.8))
    motor *= np.exp(0.2 * slow(rng, n_samples, 20.0))
    return (unit(tyres) + unit(motor) * gain_of_db(rng.uniform(-20.0, 6.0))) * loud ** rng.uniform(0.7, 1.3)


def _motor(rng: np.random.Generator, fundamental: F64, n_harmonics: int, fall: tuple[float, float]) -> F64:
    """Harmonics of a pitch that moves, each as loud as chance has it, the higher ones less."""
    order = np.arange(1.0, n_harmonics + 1.0)
    amplitudes = rng.exponential(1.0, n_harmonics) * order ** -rng.uniform(*fall)
    phases = rng.uniform(0, 6.28, n_harmonics)
    tone: F64 = harmonics(fundamental, amplitudes, phases, order)
    return tone


def traffic(rng: np.random.Generator, n_samples: int) -> F32:
    """A road: many that pass, over the rumble of all the rest; at times a horn or brakes."""
    seconds = n_samples / SAMPLE_RATE
    audio = coloured(rng, n_samples, (-9.0, -3.0), 4) * gain_of_db(rng.uniform(-25.0, 0.0))
    audio *= gain_of_db(2.0 * slow(rng, n_samples, 0.5))
    for at in rng.uniform(-2.0, seconds + 2.0, int(rng.integers(1, 7))):
        audio += passing(rng, n_samples, float(at)) * gain_of_db(rng.uniform(-12.0, 0.0))
    if rng.random() < 0.3:
        audio += horn(rng, n_samples) * gain_of_db(rng.uniform(-25.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, audio, rng.uniform(0.0, 1.0)))


def horn(rng: np.random.Generator, n_samples: int) -> F64:
    """One to three tones with many harmonics, for a while, out in the open."""
    gate = np.zeros(n_samples)
    starts = (scattered(rng, n_samples / SAMPLE_RATE, 0.3) * SAMPLE_RATE).astype(np.int64)
    for start in starts:
        gate[start : start + int(log_uniform(rng, 0.1, 1.5) * SAMPLE_RATE)] = 1.0
    gate = swept_low(gate, np.full(n_samples, 30.0))
    tone = np.zeros(n_samples)
    base = log_uniform(rng, 220.0, 600.0)
    for ratio in (1.0, 1.26, 1.5)[: int(rng.integers(1, 4))]:
        order = np.arange(1.0, 16.0)
        amplitudes = rng.exponential(1.0, 15) * order**-0.7
        pitch = base * ratio * (1.0 + 0.002 * slow(rng, n_samples, 4.0))
        tone += harmonics(pitch, amplitudes, rng.uniform(0, 6.28, 15), order)
    return unit(in_room(rng, tone * gate))


def train(rng: np.random.Generator, n_samples: int) -> F32:
    """Rumble and rush, wheels over joints in pairs of pairs, squeal, a motor; from inside or outside."""
    seconds = n_samples / SAMPLE_RATE
    sway = gain_of_db(rng.uniform(1.0, 4.0) * slow(rng, n_samples, log_uniform(rng, 0.5, 5.0)))
    audio = coloured(rng, n_samples, (-12.0, -2.0), 6) * sway
    audio += coloured(rng, n_samples, (-5.0, 2.0), 5) * gain_of_db(rng.uniform(-25.0, -3.0))
    for _ in range(int(rng.integers(0, 3))):
        thing = body(rng, (40.0, 900.0), (0.005, 0.1), (0.2, 4.0), (0.003, 0.06), (-10.0, 2.0))
        at = rhythm(rng, seconds, log_uniform(rng, 1.5, 9.0))
        clack = struck(rng, thing, at, blows(rng, len(at), rng.uniform(0.5, 4.0)), n_samples)
        audio += unit(in_room(rng, clack)) * gain_of_db(rng.uniform(-14.0, 6.0))
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 4))):
            pitch = log_uniform(rng, 800.0, 6000.0) * (1.0 + 0.02 * slow(rng, n_samples, 2.0))
            squeal = swept_band(
                white(rng, n_samples), pitch, np.full(n_samples, log_uniform(rng, 30.0, 300.0))
            )
            gate = np.exp(np.clip(3.0 * slow(rng, n_samples, 1.0) - 2.0, -8.0, 3.0))
            audio += unit(squeal * gate) * gain_of_db(rng.uniform(-25.0, 0.0))
    if rng.random() < 0.5:
        n = int(rng.integers(4, 50))
        pitch = log_uniform(rng, 40.0, 600.0) * np.exp(0.3 * slow(rng, n_samples, 0.3))
        whine = _motor(rng, pitch, n, (0.2, 1.5))
        audio += unit(whine * gain_of_db(3.0 * slow(rng, n_samples, 0.7))) * gain_of_db(
            rng.uniform(-25.0, 3.0)
        )
    if rng.random() < 0.12:
        audio += horn(rng, n_samples) * gain_of_db(rng.uniform(-20.0, 0.0))
    return levelled_as_a_whole(rng, in_room(rng, audio, rng.uniform(0.0, 1.0)))


def waves(rng: np.random.Generator, n_samples: int) -> F32:
    """Surf: swells that break bright and run out."""
    audio = coloured(rng, n_samples, (-7.0, -2.0), 3) * gain_of_db(rng.uniform(-20.0, -3.0))
    for _ in range(int(rng.integers(2, 6))):
        starts = (scattered(rng, n_samples / SAMPLE_RATE, rng.uniform(0.1, 0.4)) * SAMPLE_RATE).astype(
            np.int64
        )
        n = len(starts)
        swell = np.zeros(n_samples)
        bursts(
            swell,
            np.ones(n_samples),
            starts,
            rng.uniform(0.3, 3.0, n),
            rng.uniform(0.3, 2.5, n),
            blows(rng, n, 4.0),
        )
        breaker = swept_low(coloured(rng, n_samples, (-5.0, 1.0), 3), 200.0 + 5000.0 * swell)
        audio += breaker * swell * np.exp(0.3 * slow(rng, n_samples, 30.0))
    return levelled_as_a_whole(rng, audio)


def water(rng: np.random.Generator, n_samples: int) -> F32:
    """A tap, a brook, pouring, splashing: bubbles that chirp, over a rush of noise."""
    seconds = n_samples / SAMPLE_RATE
    flow = np.exp(
        np.clip(rng.uniform(0.1, 1.2) * slow(rng, n_samples, log_uniform(rng, 0.3, 6.0)), -4.0, 2.0)
    )
    n = int(log_uniform(rng, 10.0, 1200.0) * seconds) + 1
    starts = rng.integers(0, n_samples, n)
    frequencies = log_uniform(rng, 300.0, 2500.0) * np.exp(rng.uniform(0.2, 0.8) * rng.standard_normal(n))
    decays = log_uniform(rng, 3.0, 20.0) / np.clip(frequencies, 100.0, 7500.0)
    strengths = blows(rng, n, rng.uniform(4.0, 10.0)) * flow[starts]
    audio = np.zeros(n_samples)
    damped_sines(audio, starts, np.clip(frequencies, 100.0, 7500.0), decays, strengths)
    rush = coloured(rng, n_samples, (-5.0, 4.0), 6) * flow
    rush *= np.exp(rng.uniform(0.0, 0.5) * slow(rng, n_samples, log_uniform(rng, 10.0, 60.0)))
    audio = unit(audio) + unit(rush) * gain_of_db(rng.uniform(-25.0, 12.0))
    return levelled_as_a_whole(rng, in_room(rng, audio))
