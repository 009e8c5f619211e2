"""Barks, howls, meows, the lowing of cattle: a harmonic source with breath, through a mouth that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.creatures.calling import bouts, together
from dap_stream.education.synthesis.chance import curve, log_uniform, vibrato, wander
from dap_stream.education.synthesis.envelopes import swell
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.noise import white_noise
from dap_stream.education.synthesis.tones import harmonic_tone, resonance


@dataclass(frozen=True)
class Throat:
    """One individual: how it is built, and what it tends to do."""

    pitch: float  # Hz
    weights: tuple[float, ...]  # of its harmonics
    rough: float  # how far the pitch jitters, as a part of it
    below: float  # the size of a second tone, half as high
    breath: float  # noise beside the tone, whose RMS is 1
    mouth: tuple[tuple[float, float, float], ...]  # resonances: Hz, width in Hz, size
    open: float  # how far the mouth moves them, as a logarithm


def draw_throat(
    rng: np.random.Generator,
    pitch: tuple[float, float],
    rough: tuple[float, float],
    breath: tuple[float, float],
) -> Throat:
    """Draw an individual.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    pitch, rough, breath : (float, float)
        The ranges of what `Throat` names so.

    Returns
    -------
    Throat
        The individual.
    """
    first = log_uniform(rng, 300.0, 1300.0)
    spacing = rng.uniform(1.5, 2.6)
    mouth = []
    for k in range(int(rng.integers(2, 5))):
        centre = min(first * (1.0 + k * (spacing - 1.0)) * rng.uniform(0.9, 1.1), 6.8e3)
        mouth.append((centre, centre * log_uniform(rng, 0.08, 0.4), rng.uniform(0.2, 1.0) * 0.8**k))
    number = np.arange(1.0, 61.0)
    tilt, fall = 1.0 - log_uniform(rng, 0.02, 0.35), rng.uniform(0.0, 1.2)
    return Throat(
        pitch=log_uniform(rng, *pitch),
        weights=tuple(tilt ** (number - 1.0) * number**-fall),
        rough=log_uniform(rng, *rough),
        below=rng.uniform(0.1, 0.8) * (rng.random() < 0.25),
        breath=log_uniform(rng, *breath),
        mouth=tuple(mouth),
        open=rng.normal(0.0, 0.35),
    )


def utter(rng: np.random.Generator, throat: Throat, bend: F64, opening: F64, envelope: F64) -> F32:
    """Let an individual utter something.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    throat : Throat
        Whose it is.
    bend : F64
        The logarithm of what its pitch is times its own, ``[samples]``.
    opening : F64
        How far its mouth is open, -1 to 1, ``[samples]``.
    envelope : F64
        How loud it is, ``[samples]``.

    Returns
    -------
    F32
        The sound, ``[samples]``.
    """
    n = len(bend)
    hz = throat.pitch * rng.uniform(0.95, 1.05) * np.exp(bend + throat.rough * wander(rng, n, 250.0))
    tone = harmonic_tone(rng, hz, throat.weights)
    if throat.below > 0.0:
        half = harmonic_tone(rng, 0.5 * hz, throat.weights)
        tone = tone + np.float32(throat.below) * half
    source = tone / np.float32(np.sqrt(np.mean(tone * tone)) + 1e-6) + np.float32(
        throat.breath
    ) * white_noise(rng, n)
    sound = np.float32(0.05) * source
    for centre, width, size in throat.mouth:
        sound = sound + np.float32(size) * resonance(
            source, np.clip(centre * np.exp(throat.open * opening), 150.0, 7.2e3), width
        )
    return (sound * envelope).astype(np.float32)


def bark(rng: np.random.Generator, n: int) -> F32:
    """Bark: short harsh bursts, one to eight in a row, large dogs and small ones, and foxes.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The sound, ``[n]``.
    """

    def one(rng: np.random.Generator, n: int) -> F32:
        throat = draw_throat(rng, (110.0, 1300.0), (0.003, 0.12), (0.03, 1.0))
        seconds, shape = log_uniform(rng, 0.05, 0.4), rng.normal(0.0, 0.2, 2)
        attack, tail = log_uniform(rng, 0.004, 0.05), log_uniform(rng, 0.3, 0.9)

        def call(rng: np.random.Generator) -> F32:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
            bend = curve((shape[0] - 0.25, shape[0] + 0.1, shape[1] - 0.3), m)
            return utter(
                rng, throat, bend, curve((-1.0, 1.0, -0.5), m), swell(m, attack, tail * seconds, 1.5)
            )

        return bouts(rng, n, call, (1, 8), (0.06, 0.8), (0.4, 4.0))

    return together(rng, n, one, 2)


def growl(rng: np.random.Generator, n: int) -> F32:
    """Growl, grunt, snort and purr: low rough pulses with much breath.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The sound, ``[n]``.
    """

    def one(rng: np.random.Generator, n: int) -> F32:
        throat = draw_throat(rng, (22.0, 140.0), (0.01, 0.12), (0.05, 0.6))
        seconds = log_uniform(rng, 0.1, 2.5)

        def call(rng: np.random.Generator) -> F32:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.3))
            beat = 1.0 + 0.5 * np.clip(wander(rng, m, 15.0), -1.5, 1.5)
            return utter(
                rng,
                throat,
                curve(rng.normal(0.0, 0.15, 4), m),
                curve(rng.uniform(-1.0, 1.0, 4), m),
                beat * swell(m, 0.25 * seconds, 0.4 * seconds),
            )

        return bouts(rng, n, call, (1, 5), (0.1, 0.8), (0.5, 3.0))

    return together(rng, n, one, 2)


def howl(rng: np.random.Generator, n: int) -> F32:
    """Howl: long tones that rise, hold, tremble and fall, wolves and dogs, and also whines.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The sound, ``[n]``.
    """

    def one(rng: np.random.Generator, n: int) -> F32:
        throat = draw_throat(rng, (180.0, 1200.0), (0.0005, 0.01), (0.005, 0.1))
        seconds, trembles, depth = (
            log_uniform(rng, 0.3, 5.0),
            rng.uniform(3.0, 9.0),
            log_uniform(rng, 0.03, 0.8),
        )

        def call(rng: np.random.Generator) -> F32:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.2))
            bend = curve((-rng.uniform(0.1, 0.7), *rng.normal(0.0, 0.1, 3), -rng.uniform(0.0, 0.5)), m)
            bend = bend + np.log(vibrato(rng, m, trembles, depth))
            return utter(
                rng, throat, bend, curve((-1.0, 0.5, 0.0, -0.5), m), swell(m, 0.15 * seconds, 0.3 * seconds)
            )

        return bouts(rng, n, call, (1, 3), (0.1, 1.5), (0.5, 4.0))

    return together(rng, n, one)


def meow(rng: np.random.Generator, n: int) -> F32:
    """Meow, mew and yowl: an arch of pitch while the mouth opens and closes.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The sound, ``[n]``.
    """

    def one(rng: np.random.Generator, n: int) -> F32:
        throat = draw_throat(rng, (280.0, 1100.0), (0.0005, 0.03), (0.01, 0.3))
        seconds, arch = log_uniform(rng, 0.15, 1.6), rng.uniform(-0.1, 0.4)

        def call(rng: np.random.Generator) -> F32:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.7, 1.3))
            bend = curve((0.0, arch, arch * rng.uniform(0.5, 1.2), -rng.uniform(0.0, 0.3)), m)
            opening = 2.0 * curve((-0.8, 0.7, 0.9, 0.0, -0.8), m)
            return utter(rng, throat, bend, opening, swell(m, 0.2 * seconds, 0.5 * seconds))

        return bouts(rng, n, call, (1, 4), (0.15, 1.5), (0.6, 4.0))

    return together(rng, n, one, 2)


def lowing(rng: np.random.Generator, n: int) -> F32:
    """Low, bleat, whinny and bray: cattle, sheep and goats, horses and asses.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The sound, ``[n]``.
    """

    def one(rng: np.random.Generator, n: int) -> F32:
        bleats = rng.random() < 0.5
        throat = draw_throat(rng, (150.0, 900.0) if bleats else (60.0, 260.0), (0.002, 0.05), (0.02, 0.4))
        seconds = log_uniform(rng, 0.25, 1.5) if bleats else log_uniform(rng, 0.5, 3.0)
        trembles, depth = rng.uniform(5.0, 14.0), rng.uniform(0.2, 2.0) * bleats

        def call(rng: np.random.Generator) -> F32:
            m = int(seconds * SAMPLE_RATE * rng.uniform(0.8, 1.2))
            bend = curve((-rng.uniform(0.0, 0.3), 0.0, rng.normal(0.0, 0.2), -rng.uniform(0.0, 0.4)), m)
            tremor = vibrato(rng, m, trembles, depth)
            envelope = swell(m, 0.15 * seconds, 0.3 * seconds) * tremor ** rng.uniform(0.0, 6.0)
            return utter(rng, throat, bend + np.log(tremor), curve((-1.0, -0.5, 1.0, 0.3), m), envelope)

        return bouts(rng, n, call, (1, 3), (0.2, 1.5), (0.6, 4.0))

    return together(rng, n, one)
