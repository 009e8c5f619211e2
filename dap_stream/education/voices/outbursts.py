"""Sounds of a mouth besides talking: singing, humming, laughing, hesitating."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dap_stream.core.units import db_to_gain
from dap_stream.education.synthesis.scales import CHROMATIC, MAJOR, MINOR, PENTATONIC
from dap_stream.education.voices.phrases import consonants, pause, phrase
from dap_stream.education.voices.sounds import Sound, aspirate, louder, nasal, silence, vowel_sounds
from dap_stream.education.voices.speaker import Speaker

SCALES = (MAJOR, MINOR, PENTATONIC, CHROMATIC)


def song(rng: np.random.Generator, speaker: Speaker, seconds: float, hum: bool = False) -> list[Sound]:
    """Held notes of a scale, a syllable each.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    speaker : Speaker
        Who sings.
    seconds : float
        How long at least.
    hum : bool, optional
        Keep the mouth shut.

    Returns
    -------
    list of Sound
    """
    scale = SCALES[rng.integers(len(SCALES))]
    notes = [octave + step for octave in (-12, 0) for step in scale]
    at, beat, length = len(notes) // 2, rng.uniform(0.2, 0.8), 0.0
    sounds: list[Sound] = []
    while length < seconds:
        at = int(np.clip(at + rng.integers(-3, 4), 0, len(notes) - 1))
        held = beat * float(rng.choice([0.5, 1.0, 1.0, 2.0, 4.0]))
        if hum:
            murmur = nasal(rng, speaker)[0]
            note = [replace(murmur, seconds=held, voice=1.0, damping=rng.uniform(0.8, 2.5))]
        else:
            onset = consonants(rng, speaker, [0.25, 0.6, 0.15])
            note = [*onset, *vowel_sounds(rng, speaker, held), *consonants(rng, speaker, [0.8, 0.2])]
        note = louder(note, db_to_gain(rng.uniform(-6, 0)))
        note = [replace(sound, pitch=float(notes[at]), rough=0.0) for sound in note]
        if rng.random() < 0.15:
            note += pause(rng, speaker, rng.uniform(0.15, 1.0))
        length += sum(sound.seconds for sound in note)
        sounds += note
    return sounds


def laughter(rng: np.random.Generator, speaker: Speaker, seconds: float) -> list[Sound]:
    """Bouts of ha-ha whose pitch and level fall, with gasps between them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    speaker : Speaker
        Who laughs.
    seconds : float
        How long at least.

    Returns
    -------
    list of Sound
    """
    sounds: list[Sound] = []
    length = 0.0
    while length < seconds:
        count, beat = int(rng.integers(2, 12)), rng.uniform(0.12, 0.28)
        start, fall = rng.uniform(2, 12), rng.uniform(2, 14)
        vowel = vowel_sounds(rng, speaker, 0.5 * beat)[0]
        new: list[Sound] = []
        for place in np.linspace(0, 1, count):
            ha = [replace(aspirate(rng, speaker)[0], seconds=beat * rng.uniform(0.3, 0.6)), vowel]
            gain = float(10 ** (-(rng.uniform(0, 4) + 12 * place) / 20))
            tune = float(start - fall * place + rng.normal(0, 0.7))
            new += [replace(sound, pitch=tune, level=gain) for sound in ha]
        if rng.random() < 0.5:  # a gasp with voice in it
            new += [silence(0.05), Sound(0.2, aspiration=0.8, voice=0.1, pitch=tune + 12, level=0.4)]
        new += pause(rng, speaker, rng.uniform(0.15, 1.2))
        if rng.random() < 0.3:  # a few words
            new += phrase(rng, speaker, rng.uniform(0.3, 1.5))
        length += sum(sound.seconds for sound in new)
        sounds += new
    return sounds


def hesitation(rng: np.random.Generator, speaker: Speaker) -> list[Sound]:
    """A drawn-out "uh" or "um".

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    speaker : Speaker
        Who hesitates.

    Returns
    -------
    list of Sound
    """
    formants = tuple(np.array([550.0, 1350.0, 2500.0]) * rng.normal(1.0, 0.1, 3))
    tune = rng.uniform(-4, 0)
    uh = Sound(rng.uniform(0.15, 0.6), (formants[0], formants[1], formants[2]), voice=1.0, pitch=tune)
    um = [replace(s, pitch=tune, seconds=2.5 * s.seconds) for s in nasal(rng, speaker) if rng.random() < 0.5]
    return louder([uh, *um], db_to_gain(rng.uniform(-10, 0)))
