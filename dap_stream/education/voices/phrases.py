"""Phrases of syllables with rhythm, stress and melody, and what happens in the pauses between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dap_stream.core.units import db_to_gain
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.voices.sounds import CLASSES, Sound, louder, quicker, silence, vowel_sounds
from dap_stream.education.voices.speaker import Speaker


def consonants(rng: np.random.Generator, speaker: Speaker, chances: list[float]) -> list[Sound]:
    """As many consonants as ``chances`` of 0, 1, 2... say."""
    count = int(rng.choice(len(chances), p=chances))
    drawn = rng.choice(len(CLASSES), size=count, p=speaker.classes)
    return [sound for index in drawn for sound in CLASSES[index](rng, speaker)]


def syllable(rng: np.random.Generator, speaker: Speaker, seconds: float, stress: float) -> list[Sound]:
    """Onset, nucleus and coda of about the length ``seconds``; ``stress`` 0 to 1 makes the vowel last."""
    onset = consonants(rng, speaker, [0.08, 0.67, 0.22, 0.03])
    coda = consonants(rng, speaker, [0.45, 0.42, 0.13])
    taken = sum(sound.seconds for sound in onset + coda)
    # In quick speech and in clusters consonants are shorter, but a burst stays a burst.
    haste = min(max(0.55 * seconds / max(taken, 1e-3), 0.5), 1.0)
    onset, coda = quicker(onset, haste), quicker(coda, haste)
    taken *= haste
    longest = max(seconds * (0.6 + 0.6 * stress) - taken, 0.035 + 0.05 * stress)
    sounds = [*onset, *vowel_sounds(rng, speaker, longest), *coda]
    return louder(sounds, float(10 ** ((-6.0 * (1.0 - stress) + rng.normal(0, 1.5)) / 20)))


def phrase(rng: np.random.Generator, speaker: Speaker, seconds: float) -> list[Sound]:
    """One breath of speech, with a falling or rising line and accents on it."""
    count = max(round(seconds * speaker.rate * rng.uniform(0.8, 1.2)), 1)
    start, fall = rng.uniform(0, 5), rng.uniform(2, 8)
    question = rng.random() < 0.2
    sounds: list[Sound] = []
    for index in range(count):
        place = index / max(count - 1, 1)
        stress = rng.random() if rng.random() < 0.6 else rng.uniform(0.7, 1.0)
        pitch = start - fall * place + stress * rng.normal(2.0, 2.0) + rng.normal(0, 0.7)
        last = index == count - 1
        if last:
            pitch += rng.uniform(3, 9) if question else -rng.uniform(0, 4)
        lengthened = rng.uniform(1.1, 1.8) if last else rng.lognormal(0, 0.25)
        bend = rng.normal(0, 1.5) * speaker.melody
        drawn = syllable(rng, speaker, lengthened / speaker.rate, stress)
        fading = 10 ** (-rng.uniform(0, 6) * place / 20)
        tune = float(pitch * speaker.melody)
        rough = 0.0
        if last and not question and rng.random() < speaker.creak:
            tune, rough = tune - rng.uniform(6, 14), rng.uniform(0.03, 0.2)
        sounds += [
            replace(
                s,
                pitch=s.pitch if s.pitch < 0 else tune + bend * (at / len(drawn) - 0.5),
                rough=s.rough + rough,
                level=s.level * fading,
            )
            for at, s in enumerate(drawn)
        ]
    return sounds


def breath(rng: np.random.Generator, seconds: float) -> list[Sound]:
    """Air drawn in through mouth or nose, swelling and ending."""
    level = 10 ** (rng.uniform(-45, -18) / 20)
    low = (rng.uniform(400, 2000), rng.uniform(400, 1500))
    high = (rng.uniform(2000, 6000), rng.uniform(1000, 3000))
    shares = level * np.sin(np.pi * (np.arange(6) + 0.5) / 6) ** rng.uniform(0.5, 2)
    share = rng.uniform(0.2, 1.0)
    return [
        Sound(seconds / 6, low=(*low, float(gain)), high=(*high, share * float(gain)), pitch=0.0)
        for gain in shares
    ]


def pause(rng: np.random.Generator, speaker: Speaker, seconds: float) -> list[Sound]:
    """Near silence, with or without a breath and a click of the lips."""
    if rng.random() > speaker.breaths or seconds < 0.3:
        return [silence(seconds)]
    sounds = [silence(rng.uniform(0.05, 0.4) * seconds)]
    if rng.random() < 0.4:
        gain = db_to_gain(rng.uniform(-40, -15))
        sounds.append(Sound(0.005, high=(rng.uniform(1500, 5000), rng.uniform(500, 3000), gain)))
        sounds.append(silence(rng.uniform(0.01, 0.1)))
    sounds += breath(rng, rng.uniform(0.4, 0.8) * seconds)
    return [*sounds, silence(rng.uniform(0.02, 0.15))]


def talk(rng: np.random.Generator, speaker: Speaker, seconds: float) -> list[Sound]:
    """Phrases and pauses, at least ``seconds`` of them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    speaker : Speaker
        Who talks.
    seconds : float
        How long at least.

    Returns
    -------
    list of Sound
    """
    sounds: list[Sound] = []
    length = 0.0
    while length < seconds:
        new = phrase(rng, speaker, rng.uniform(0.8, 4.0))
        new += pause(rng, speaker, log_uniform(rng, 0.17, 1.3))
        length += sum(sound.seconds for sound in new)
        sounds += new
    return sounds
