"""Voices made by espeak-ng."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.voices import espeak, texts
from dap_stream.education.voices.colouring import breathy, saturated, shifted, tilted
from dap_stream.education.voices.cutting import EARLIER_S, cut
from dap_stream.education.voices.phrases import breath
from dap_stream.education.voices.source_filter import render
from dap_stream.education.voices.speaker import random_speaker
from dap_stream.errors import DeviceError


def spoken_by_espeak(rng: np.random.Generator, n_samples: int) -> F32:
    """Somebody who talks, as espeak-ng says it; shifted and coloured, so that its own timbre is lost."""
    every, kinds = espeak.languages(), espeak.variants()
    english = [name for name in every if name.startswith("en")]
    language = english[rng.integers(len(english))] if rng.random() < 0.5 else every[rng.integers(len(every))]
    variant = kinds[rng.integers(len(kinds))]
    pitch, speed = int(rng.integers(0, 100)), int(rng.integers(90, 261))
    gap = int(rng.integers(0, 12)) if rng.random() < 0.3 else 0
    factor, body = rng.uniform(0.85, 1.15), random_speaker(rng)
    parts: list[F32] = []
    length = 0
    while length < n_samples + EARLIER_S * SAMPLE_RATE:
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
    return cut(rng, tilted(audio, rng.uniform(-0.5, 0.4)), n_samples)
