"""Pianos, bells, bars: partials set ringing by a blow."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.creatures.shaping import band, fade, noise
from dap_stream.education.creatures.sound_kernels import RATE
from dap_stream.education.creatures.tones import log_uniform, ring
from dap_stream.education.instruments.playing import Voice

_LONGEST = 6.0  # seconds: what rings on is faded out there


def onset(sound: F32, attack: float) -> F32:
    """Smooth the beginning of a sound, in place.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    attack : float
        How long, in seconds.

    Returns
    -------
    F32
        The same.
    """
    n = min(len(sound), max(2, int(attack * RATE)))
    sound[:n] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)
    return sound


def released(sound: F32, seconds: float, damping: float) -> F32:
    """Damp a sound after some time, in place, as a damper or a hand does.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    seconds : float
        When.
    damping : float
        How long it then takes to fall by 60 dB, in seconds.

    Returns
    -------
    F32
        What is left, without the silence after it.
    """
    begin = int(seconds * RATE)
    end = min(len(sound), begin + int(damping * RATE))
    if begin < end:
        sound[begin:end] *= 10.0 ** (-3.0 * np.arange(end - begin, dtype=np.float32) / (damping * RATE))
    sound = sound[:end]
    tail = min(len(sound), 160)
    sound[len(sound) - tail :] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
    return sound


def draw_piano(rng: np.random.Generator) -> Voice:
    """Draw a piano, harpsichord or electric piano: stretched partials that fall fast at first, then slowly.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    Voice
        The instrument.
    """
    stiff, tilt = log_uniform(rng, 2e-5, 1.5e-3), rng.uniform(0.55, 0.95)
    strike, ring_time = rng.uniform(0.06, 0.3), log_uniform(rng, 2.0, 14.0)
    second, detuned = log_uniform(rng, 0.05, 0.6), log_uniform(rng, 1e-4, 1.5e-3)
    hammer, attack = log_uniform(rng, 0.003, 0.3), log_uniform(rng, 0.0007, 0.006)
    damping, pedal = log_uniform(rng, 0.08, 0.6), rng.random() < 0.3

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        number = np.arange(1.0, min(28.0, 7600.0 / hz) + 1.0)
        partial = hz * number * np.sqrt((1.0 + stiff * number**2) / (1.0 + stiff))
        softer = tilt * rng.uniform(0.85, 1.0)
        size = (
            softer ** (number - 1.0)
            * (0.15 + np.abs(np.sin(np.pi * strike * number)))
            * rng.uniform(0.5, 1.0, len(number))
        )
        time = ring_time * (220.0 / hz) ** 0.5 / (1.0 + 0.15 * number)
        held = _LONGEST if pedal else seconds
        n = int(RATE * min(held + damping, _LONGEST))
        # Two strings a little apart: one gives its sound away quickly, the other keeps it.
        sound = ring(
            rng,
            n,
            np.concatenate((partial, partial * (1.0 + detuned * rng.standard_normal(len(partial))))),
            np.concatenate((size, second * size)),
            np.concatenate((0.3 * time, time)),
        )
        m = min(n, RATE // 12)
        sound[:m] += (
            np.float32(hammer)
            * band(noise(rng, m), 80.0, min(6e3, 10.0 * hz), 1)
            * fade(m, 0.001, 0.08).astype(np.float32)
        )
        return released(onset(sound, attack), held, damping)

    return note


_BELL = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43, 6.8, 8.2])
_BAR = np.array([1.0, 2.756, 5.404, 8.933, 13.34])
_MARIMBA = np.array([1.0, 3.93, 9.2, 16.1])
_FORK = np.array([1.0, 6.27, 17.5])


def draw_bell(rng: np.random.Generator) -> Voice:
    """Draw a bell, chime, bowl or gong: partials off the harmonics, some in beating pairs, that ring long.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    Voice
        The instrument.
    """
    kind = rng.random()
    if kind < 0.4:
        ratio: F64 = _BELL * np.exp(rng.normal(0.0, 0.03, len(_BELL)))
    else:
        # Few and clear, or so many that the blow is a crash of which some remain.
        count = int(rng.integers(4, 16)) if kind < 0.8 else int(rng.integers(20, 50))
        ratio = np.sort(np.exp(rng.uniform(np.log(0.5), np.log(9.0 if kind < 0.8 else 25.0), count)))
        ratio[0] = 1.0
    size = rng.uniform(0.1, 1.0, len(ratio)) * rng.uniform(0.6, 1.0) ** (
        np.arange(len(ratio)) * 12.0 / len(ratio)
    )
    time = log_uniform(rng, 1.0, 16.0) * ratio ** -rng.uniform(0.2, 1.0) * rng.uniform(0.4, 1.0, len(ratio))
    beats, attack, clang = (
        log_uniform(rng, 0.2, 6.0),
        log_uniform(rng, 0.0005, 0.01),
        log_uniform(rng, 0.003, 0.3),
    )

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        n = int(RATE * _LONGEST)
        amplitude = size * rng.uniform(0.6, 1.0, len(size))
        pair = hz * ratio + beats * rng.uniform(0.3, 1.0, len(ratio))
        sound = ring(
            rng,
            n,
            np.concatenate((hz * ratio, pair)),
            np.concatenate((amplitude, amplitude * rng.uniform(0.0, 0.8, len(ratio)))),
            np.concatenate((time, time)),
        )
        m = RATE // 20
        sound[:m] += np.float32(clang) * (noise(rng, m) * fade(m, 0.0005, 0.05)).astype(np.float32)
        return released(onset(sound, attack), _LONGEST - 0.5, 1.0)

    return note


def draw_bars(rng: np.random.Generator) -> Voice:
    """Draw a marimba, xylophone, vibraphone, glockenspiel, kalimba or music box.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.

    Returns
    -------
    Voice
        The instrument.
    """
    ratio = (_BAR, _MARIMBA, _FORK)[int(rng.integers(3))] * 1.0
    ratio[1:] *= np.exp(rng.normal(0.0, 0.02, len(ratio) - 1))
    size = log_uniform(rng, 0.05, 0.8) ** np.arange(len(ratio))
    time = log_uniform(rng, 0.3, 8.0) * ratio ** -rng.uniform(0.3, 1.3)
    attack, knock = log_uniform(rng, 0.0005, 0.006), log_uniform(rng, 0.01, 0.5)
    sways, depth = rng.uniform(2.0, 8.0), rng.uniform(0.0, 0.7) * (rng.random() < 0.3)

    def note(rng: np.random.Generator, hz: float, seconds: float) -> F32:
        length = min(_LONGEST, 1.2 * float(time[0]) * (400.0 / hz) ** 0.3)
        n = int(RATE * length)
        sound = ring(rng, n, hz * ratio, size * rng.uniform(0.5, 1.0, len(size)), time * (400.0 / hz) ** 0.3)
        m = min(n, RATE // 30)
        sound[:m] += (
            np.float32(knock)
            * band(noise(rng, m), 0.5 * hz, min(4.0 * hz, 7e3), 1)
            * fade(m, 0.0005, 0.03).astype(np.float32)
        )
        if depth > 0.0:
            sound *= (1.0 - depth * np.sin(np.arange(n) * (np.pi * sways / RATE)) ** 2).astype(np.float32)
        return released(onset(sound, attack), length - 0.02, 0.1)

    return note
