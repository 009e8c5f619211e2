"""Voices made by source and filter: people who talk in one manner or another, sing or laugh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.levels import levelled_as_a_voice
from dap_stream.education.voices.colouring import saturated
from dap_stream.education.voices.cutting import cut, seconds_to_draw
from dap_stream.education.voices.outbursts import hesitation, laughter, song
from dap_stream.education.voices.phrases import pause, phrase, talk
from dap_stream.education.voices.sounds import Sound
from dap_stream.education.voices.source_filter import Manner, render
from dap_stream.education.voices.speaker import Speaker, random_speaker


def _say(rng: np.random.Generator, n_samples: int, speaker: Speaker, manner: Manner) -> F32:
    """Talk in a manner."""
    return cut(rng, render(rng, talk(rng, speaker, seconds_to_draw(n_samples)), speaker, manner), n_samples)


def spoken(rng: np.random.Generator, n_samples: int) -> F32:
    """Somebody who talks."""
    manner = Manner(reach=rng.uniform(0.8, 1.15), drift=rng.uniform(0.1, 0.8))
    return _say(rng, n_samples, random_speaker(rng), manner)


def child(rng: np.random.Generator, n_samples: int) -> F32:
    """A child that talks."""
    manner = Manner(reach=rng.uniform(0.8, 1.15), drift=rng.uniform(0.3, 1.2))
    return _say(rng, n_samples, random_speaker(rng, "child"), manner)


def bass(rng: np.random.Generator, n_samples: int) -> F32:
    """Somebody with a deep voice who talks."""
    return _say(rng, n_samples, random_speaker(rng, "bass"), Manner())


def whispered(rng: np.random.Generator, n_samples: int) -> F32:
    """Whispering: breath in place of the voice."""
    return _say(rng, n_samples, random_speaker(rng), Manner(whisper=True))


def shouted(rng: np.random.Generator, n_samples: int) -> F32:
    """Shouting: high, bright, with an open mouth, overloaded."""
    calm = random_speaker(rng)
    speaker = replace(
        calm,
        f0=min(calm.f0 * rng.uniform(1.3, 2.2), 500.0),
        melody=rng.uniform(0.6, 1.8),
        rate=calm.rate * 0.75,
        rough=calm.rough + 0.02 * rng.random(),
    )
    manner = Manner(tilt=-0.7, quotient=-0.15, first=rng.uniform(1.1, 1.3), consonants=0.6)
    return levelled_as_a_voice(rng, saturated(_say(rng, n_samples, speaker, manner), rng.uniform(0.3, 2.0)))


def mumbled(rng: np.random.Generator, n_samples: int) -> F32:
    """Mumbling: a mouth that hardly moves, little melody."""
    speaker = replace(random_speaker(rng), melody=rng.uniform(0.0, 0.5), slackness=0.12)
    manner = Manner(reach=rng.uniform(0.2, 0.6), consonants=rng.uniform(0.1, 0.5), tilt=0.3)
    return _say(rng, n_samples, speaker, manner)


def creaky(rng: np.random.Generator, n_samples: int) -> F32:
    """Vocal fry: a pitch so low that its periods are heard, uneven."""
    calm = random_speaker(rng)
    speaker = replace(calm, f0=rng.uniform(28, 75), rough=rng.uniform(0.03, 0.2), quotient=0.4)
    return _say(rng, n_samples, speaker, Manner(quotient=-0.1))


def breathy(rng: np.random.Generator, n_samples: int) -> F32:
    """Much air in the voice."""
    speaker = replace(random_speaker(rng), breath=rng.uniform(0.5, 1.5))
    return _say(rng, n_samples, speaker, Manner(quotient=0.2, tilt=0.2))


def sung(rng: np.random.Generator, n_samples: int) -> F32:
    """Singing, with or without vibrato."""
    speaker = random_speaker(rng)
    manner = Manner(
        vibrato=rng.uniform(0.0, 1.2),
        drift=0.15,
        glide=rng.uniform(0.05, 0.15),
        tilt=-rng.uniform(0.0, 0.6),
    )
    return cut(rng, render(rng, song(rng, speaker, seconds_to_draw(n_samples)), speaker, manner), n_samples)


def hummed(rng: np.random.Generator, n_samples: int) -> F32:
    """Humming with the mouth shut."""
    speaker = random_speaker(rng)
    sounds = song(rng, speaker, seconds_to_draw(n_samples), hum=True)
    return cut(rng, render(rng, sounds, speaker, Manner(vibrato=rng.uniform(0.0, 0.6))), n_samples)


def laughing(rng: np.random.Generator, n_samples: int) -> F32:
    """Laughter, at times with a few words in it."""
    speaker = random_speaker(rng)
    speaker = replace(speaker, breath=speaker.breath + 0.2, f0=speaker.f0 * 1.2)
    return cut(rng, render(rng, laughter(rng, speaker, seconds_to_draw(n_samples)), speaker), n_samples)


def hesitant(rng: np.random.Generator, n_samples: int) -> F32:
    """Short phrases, pauses, and "uh" between them."""
    speaker = random_speaker(rng)
    sounds: list[Sound] = []
    while sum(sound.seconds for sound in sounds) < seconds_to_draw(n_samples):
        sounds += phrase(rng, speaker, rng.uniform(0.3, 2.0))
        sounds += pause(rng, speaker, rng.uniform(0.1, 0.8))
        sounds += hesitation(rng, speaker)
        sounds += pause(rng, speaker, rng.uniform(0.1, 1.5))
    return cut(rng, render(rng, sounds, speaker), n_samples)
