"""Throats of larger animals: a harmonic source with breath, through a mouth that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform, wander
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
