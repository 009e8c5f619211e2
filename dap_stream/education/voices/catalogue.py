"""All voices by name: each fills a number of samples, dry, mono, 16 kHz."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.levels import levelled_as_a_voice
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.voices import espeak, texts
from dap_stream.education.voices.colouring import breathy, saturated, shifted, tilted
from dap_stream.education.voices.outbursts import hesitation, laughter, song
from dap_stream.education.voices.phrases import breath, pause, phrase, talk
from dap_stream.education.voices.sounds import Sound
from dap_stream.education.voices.source_filter import Manner, render
from dap_stream.education.voices.speaker import Speaker, random_speaker
from dap_stream.errors import DeviceError

EARLIER = 0.7
"""Seconds drawn in addition, so that a recording may begin anywhere."""


def _cut(rng: np.random.Generator, audio: F32, n_samples: int) -> F32:
    """``n_samples`` from near the beginning, coloured, at a level of `levelled_as_a_voice`."""
    begin = int(rng.integers(max(min(audio.size - n_samples, int(EARLIER * SAMPLE_RATE)), 0) + 1))
    audio = tilted(audio[begin : begin + n_samples], rng.uniform(-0.65, 0.4))
    return levelled_as_a_voice(rng, audio)


def _seconds(n_samples: int) -> float:
    return n_samples / SAMPLE_RATE + EARLIER


def _say(rng: np.random.Generator, n_samples: int, speaker: Speaker, manner: Manner) -> F32:
    return _cut(rng, render(rng, talk(rng, speaker, _seconds(n_samples)), speaker, manner), n_samples)


def _spoken(rng: np.random.Generator, n_samples: int) -> F32:
    manner = Manner(reach=rng.uniform(0.8, 1.15), drift=rng.uniform(0.1, 0.8))
    return _say(rng, n_samples, random_speaker(rng), manner)


def _child(rng: np.random.Generator, n_samples: int) -> F32:
    manner = Manner(reach=rng.uniform(0.8, 1.15), drift=rng.uniform(0.3, 1.2))
    return _say(rng, n_samples, random_speaker(rng, "child"), manner)


def _bass(rng: np.random.Generator, n_samples: int) -> F32:
    return _say(rng, n_samples, random_speaker(rng, "bass"), Manner())


def _whispered(rng: np.random.Generator, n_samples: int) -> F32:
    return _say(rng, n_samples, random_speaker(rng), Manner(whisper=True))


def _shouted(rng: np.random.Generator, n_samples: int) -> F32:
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


def _mumbled(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = replace(random_speaker(rng), melody=rng.uniform(0.0, 0.5), slackness=0.12)
    manner = Manner(reach=rng.uniform(0.2, 0.6), consonants=rng.uniform(0.1, 0.5), tilt=0.3)
    return _say(rng, n_samples, speaker, manner)


def _creaky(rng: np.random.Generator, n_samples: int) -> F32:
    calm = random_speaker(rng)
    speaker = replace(calm, f0=rng.uniform(28, 75), rough=rng.uniform(0.03, 0.2), quotient=0.4)
    return _say(rng, n_samples, speaker, Manner(quotient=-0.1))


def _breathy(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = replace(random_speaker(rng), breath=rng.uniform(0.5, 1.5))
    return _say(rng, n_samples, speaker, Manner(quotient=0.2, tilt=0.2))


def _sung(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = random_speaker(rng)
    manner = Manner(
        vibrato=rng.uniform(0.0, 1.2),
        drift=0.15,
        glide=rng.uniform(0.05, 0.15),
        tilt=-rng.uniform(0.0, 0.6),
    )
    return _cut(rng, render(rng, song(rng, speaker, _seconds(n_samples)), speaker, manner), n_samples)


def _hummed(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = random_speaker(rng)
    sounds = song(rng, speaker, _seconds(n_samples), hum=True)
    return _cut(rng, render(rng, sounds, speaker, Manner(vibrato=rng.uniform(0.0, 0.6))), n_samples)


def _laughing(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = random_speaker(rng)
    speaker = replace(speaker, breath=speaker.breath + 0.2, f0=speaker.f0 * 1.2)
    return _cut(rng, render(rng, laughter(rng, speaker, _seconds(n_samples)), speaker), n_samples)


def _hesitant(rng: np.random.Generator, n_samples: int) -> F32:
    speaker = random_speaker(rng)
    sounds: list[Sound] = []
    while sum(sound.seconds for sound in sounds) < _seconds(n_samples):
        sounds += phrase(rng, speaker, rng.uniform(0.3, 2.0))
        sounds += pause(rng, speaker, rng.uniform(0.1, 0.8))
        sounds += hesitation(rng, speaker)
        sounds += pause(rng, speaker, rng.uniform(0.1, 1.5))
    return _cut(rng, render(rng, sounds, speaker), n_samples)


def _espeak(rng: np.random.Generator, n_samples: int) -> F32:
    """One speaker of espeak-ng; shifted and coloured, so that its own timbre is lost."""
    every, kinds = espeak.languages(), espeak.variants()
    english = [name for name in every if name.startswith("en")]
    language = english[rng.integers(len(english))] if rng.random() < 0.5 else every[rng.integers(len(every))]
    variant = kinds[rng.integers(len(kinds))]
    pitch, speed = int(rng.integers(0, 100)), int(rng.integers(90, 261))
    gap = int(rng.integers(0, 12)) if rng.random() < 0.3 else 0
    factor, body = rng.uniform(0.85, 1.15), random_speaker(rng)
    parts: list[F32] = []
    length = 0
    while length < n_samples + EARLIER * SAMPLE_RATE:
        said, loud = texts.text(rng, int(rng.integers(1, 5))), int(rng.integers(70, 121))
        try:
            new = espeak.speak(said, language, variant, pitch, speed, gap, amplitude=loud)
        except DeviceError:
            # One language of espeak-ng 1.51 is listed under a name that it does not know.
            if language in english:
                raise
            language = english[rng.integers(len(english))]
            continue
        parts += [shifted(new, factor), np.zeros(int(rng.uniform(0.05, 0.8) * SAMPLE_RATE), np.float32)]
        if rng.random() < body.breaths:
            parts.append(np.float32(0.1) * render(rng, breath(rng, rng.uniform(0.2, 0.6)), body))
        length = sum(part.size for part in parts)
    audio = breathy(rng, np.concatenate(parts), 0.06 * rng.random() ** 2)
    if rng.random() < 0.3:
        audio = saturated(audio, rng.uniform(0.3, 1.5))
    return _cut(rng, tilted(audio, rng.uniform(-0.5, 0.4)), n_samples)


VOICES: dict[str, MakeSound] = {
    "spoken": _spoken,
    "child": _child,
    "bass": _bass,
    "whispered": _whispered,
    "shouted": _shouted,
    "mumbled": _mumbled,
    "creaky": _creaky,
    "breathy": _breathy,
    "hesitant": _hesitant,
    "sung": _sung,
    "hummed": _hummed,
    "laughing": _laughing,
    "espeak": _espeak,
}
