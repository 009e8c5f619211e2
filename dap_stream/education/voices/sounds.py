"""The sounds of speech as short stretches of targets: what the tract aims at, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan
from typing import TypeAlias

import numpy as np

from dap_stream.core.units import db_to_gain
from dap_stream.education.voices.speaker import Speaker

Band: TypeAlias = tuple[float, float, float]
"""Noise of frication: centre and width in Hz, RMS relative to that of a vowel."""

NO_BAND: Band = (nan, nan, 0.0)
Formants: TypeAlias = tuple[float, float, float]
ANY: Formants = (nan, nan, nan)
"""Formants that follow the neighbours."""


@dataclass(frozen=True)
class Sound:
    """A stretch of constant targets; frequencies in Hz are for a tract of 17 cm."""

    seconds: float
    formants: Formants = ANY
    damping: float = 1.0
    voice: float = 0.0
    aspiration: float = 0.0
    nasal: float = 0.0
    """Hz of the nasal zero above its pole; 0 is not nasal."""
    low: Band = NO_BAND
    high: Band = NO_BAND
    pitch: float = nan
    """Semitones from the mean of the speaker; NaN follows the neighbours."""
    rough: float = 0.0
    """Deviation of periods added to that of the speaker."""
    level: float = 1.0


def silence(seconds: float) -> Sound:
    """Nothing at all.

    Parameters
    ----------
    seconds : float
        Length.

    Returns
    -------
    Sound
    """
    return Sound(seconds)


def vowel_sounds(rng: np.random.Generator, speaker: Speaker, seconds: float) -> list[Sound]:
    """A vowel of the speaker that moves a little, or two or three that glide into each other."""
    count = int(rng.choice([1, 2, 3], p=[0.35, 0.6, 0.05]))
    index = rng.integers(len(speaker.vowels))
    through_nose = 150.0 * speaker.nasality * rng.random() if rng.random() < 0.3 else 0.0
    sounds = []
    for _ in range(count):
        f1, f2, f3 = speaker.vowels[index] * rng.normal(1.0, 0.06, 3)
        sounds.append(Sound(seconds / count, (f1, f2, f3), voice=1.0, nasal=through_nose))
        if rng.random() < 0.4:
            index = rng.integers(len(speaker.vowels))
    return sounds


def _locus(rng: np.random.Generator, place: int) -> Formants:
    """Where formants point to when the tract closes: 0 lips, 1 teeth, 2 palate, 3 velum, 4 throat."""
    second = (850.0, 1700.0, 2050.0, 1900.0, 1150.0)[place] * rng.normal(1.0, 0.12)
    third = (2250.0, 2650.0, 2750.0, 2250.0, 2500.0)[place] * rng.normal(1.0, 0.05)
    return rng.uniform(180, 350), second, max(third, second + 150)


def _noise(rng: np.random.Generator, speaker: Speaker, place: int, level: float) -> tuple[Band, Band]:
    """Bands of frication at a place of `_locus`, or at 5: the hissing s."""
    centre, width, second, second_width, share = (
        (rng.uniform(1200, 3500), 3500.0, rng.uniform(5500, 7800), 3000.0, rng.uniform(0.6, 1.5)),
        (rng.uniform(3000, 5000), 3500.0, rng.uniform(5500, 7800), 2500.0, rng.uniform(0.6, 1.8)),
        (rng.uniform(2300, 3800), 900.0, rng.uniform(4200, 6500), 2500.0, rng.uniform(0.4, 1.1)),
        (rng.uniform(1100, 2600), 500.0, rng.uniform(3000, 5500), 2500.0, rng.uniform(0.1, 0.5)),
        (rng.uniform(700, 1500), 600.0, rng.uniform(2200, 3600), 1200.0, rng.uniform(0.2, 0.6)),
        (rng.uniform(3800, 5800), 1500.0, rng.uniform(5800, 7700), 1800.0, rng.uniform(0.6, 1.8)),
    )[place]
    width, second_width = width * rng.uniform(0.6, 1.6), second_width * rng.uniform(0.6, 1.6)
    norm = level / float(np.hypot(1.0, share))
    shift = speaker.sibilance if place in (1, 2, 5) else 1.0
    low = (float(centre) * shift, float(width), norm)
    return low, (min(float(second) * shift, 7750.0), float(second_width), norm * float(share))


def fricative(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """Noise of a narrow place, with voice or without: f th s sh kh and everything between."""
    place = int(rng.choice(6, p=[0.17, 0.12, 0.22, 0.08, 0.04, 0.37]))
    voiced = rng.random() < 0.3
    level = (
        db_to_gain(rng.uniform(-26, -10)),
        db_to_gain(rng.uniform(-26, -10)),
        db_to_gain(rng.uniform(-14, 0)),
        0.2,
        0.2,
        db_to_gain(rng.uniform(-15, 0)),
    )[place]
    level *= speaker.frication * (0.6 if voiced else 1.0)
    low, high = _noise(rng, speaker, place, level)
    formants = _locus(rng, min(place, 1) if place == 5 else place)
    seconds = float(rng.uniform(0.05, 0.11) if voiced else rng.uniform(0.07, 0.19))
    voice = rng.uniform(0.1, 0.4) if voiced else 0.0
    return [Sound(seconds, formants, 1.5, voice, low=low, high=high)]


def plosive(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """Closure, burst and aspiration; some hiss on as affricates."""
    place = int(rng.choice(5, p=[0.3, 0.36, 0.06, 0.25, 0.03]))
    voiced = rng.random() < 0.45
    formants = _locus(rng, place)
    murmur = rng.uniform(0.02, 0.15) if voiced and rng.random() < 0.7 else 0.0
    closure = Sound(rng.uniform(0.03, 0.1), formants, 3.0, murmur)
    if rng.random() < 0.1:  # never released
        return [closure]
    strength = db_to_gain(rng.uniform(-14, 2)) * speaker.bursts * (0.6 if voiced else 1.0)
    low, high = _noise(rng, speaker, place, strength)
    burst = Sound(rng.uniform(0.004, 0.015), formants, 1.5, low=low, high=high)
    sounds = [closure, burst]
    if not voiced and rng.random() < 0.15:
        low, high = _noise(rng, speaker, int(rng.choice([2, 5])), 0.7 * strength)
        sounds.append(Sound(rng.uniform(0.03, 0.1), formants, 1.5, low=low, high=high))
    lag = speaker.aspirated * rng.uniform(0.2, 1.0) * (0.2 if voiced else 1.0)
    if lag > 0.004:
        fading = (low[0], low[1], 0.25 * low[2]), (high[0], high[1], 0.25 * high[2])
        air = rng.uniform(0.3, 0.9)
        sounds.append(Sound(lag, aspiration=air, damping=1.8, low=fading[0], high=fading[1]))
    return sounds


def nasal(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """A murmur with a zero that depends on the place: m n ng."""
    place = int(rng.choice([0, 1, 3], p=[0.4, 0.45, 0.15]))
    zero = (120.0, 300.0, 0.0, 700.0)[place] * rng.uniform(0.5, 1.7)
    _, second, third = _locus(rng, place)
    first = rng.uniform(220, 420)
    seconds = rng.uniform(0.04, 0.12)
    return [Sound(seconds, (first, second, third), 2.5, rng.uniform(0.4, 0.9), nasal=zero)]


def approximant(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """Glides and liquids: w j l r."""
    first, second, third = (
        (300.0, 700.0, 2300.0),
        (270.0, 2300.0, 3000.0),
        (370.0, 1150.0, 2750.0),
        (380.0, 1250.0, 1650.0),
    )[int(rng.integers(4))]
    scatter = rng.normal(1.0, 0.1, 3)
    formants = (first * float(scatter[0]), second * float(scatter[1]), third * float(scatter[2]))
    return [Sound(rng.uniform(0.04, 0.1), formants, 1.3, rng.uniform(0.4, 0.85))]


def aspirate(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """h: breath through the tract of the next vowel, now and then with voice in it."""
    voice = rng.uniform(0.2, 0.5) if rng.random() < 0.3 else 0.0
    air = rng.uniform(0.3, 1.1)
    return [Sound(rng.uniform(0.04, 0.1), damping=1.6, voice=voice, aspiration=air)]


def trill(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """One to five quick closures of the tongue."""
    formants = (rng.uniform(350, 500), rng.uniform(1100, 1600), rng.uniform(1800, 2500))
    noise: Band = (rng.uniform(1500, 4000), 2500.0, db_to_gain(rng.uniform(-35, -15)))
    sounds = []
    for _ in range(int(rng.choice([1, 2, 3, 4, 5], p=[0.45, 0.2, 0.2, 0.1, 0.05]))):
        shut = Sound(rng.uniform(0.012, 0.022), formants, 2.0, rng.uniform(0.02, 0.3), low=noise)
        sounds += [shut, Sound(rng.uniform(0.012, 0.025), formants, 1.3, 0.7)]
    return sounds


def glottal_stop(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """A catch, or a few creaky periods in its place."""
    if rng.random() < 0.5:
        return [Sound(rng.uniform(0.02, 0.06))]
    return [Sound(rng.uniform(0.03, 0.07), voice=0.5, pitch=-14.0, rough=0.15)]


DrawConsonant: TypeAlias = Callable[[np.random.Generator, Speaker], list[Sound]]
CLASSES: tuple[DrawConsonant, ...] = (
    fricative,
    aspirate,
    plosive,
    nasal,
    approximant,
    approximant,
    trill,
    glottal_stop,
)
"""`Speaker.classes` says how frequent each is."""


def louder(sounds: list[Sound], factor: float) -> list[Sound]:
    """The same with another level.

    Parameters
    ----------
    sounds : list of Sound
        What was drawn.
    factor : float
        What their level is multiplied by.

    Returns
    -------
    list of Sound
    """
    return [replace(sound, level=sound.level * factor) for sound in sounds]


def quicker(sounds: list[Sound], factor: float) -> list[Sound]:
    """The same in less time, but for what lasts less than 20 ms anyway.

    Parameters
    ----------
    sounds : list of Sound
        What was drawn.
    factor : float
        What their length is multiplied by.

    Returns
    -------
    list of Sound
    """
    return [replace(sound, seconds=min(sound.seconds, max(sound.seconds * factor, 0.02))) for sound in sounds]
