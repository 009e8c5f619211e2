"""A recording of a voice may begin anywhere in what is said."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.levels import levelled_as_a_voice
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.voices.colouring import tilted

EARLIER_S = 0.7  # drawn in addition


def seconds_to_draw(n_samples: int) -> float:
    """How long a voice has to go on for `cut`."""
    return n_samples / SAMPLE_RATE + EARLIER_S


def cut(rng: np.random.Generator, audio: F32, n_samples: int) -> F32:
    """``n_samples`` from near the beginning, coloured, at a level of `levelled_as_a_voice`."""
    begin = int(rng.integers(max(min(audio.size - n_samples, int(EARLIER_S * SAMPLE_RATE)), 0) + 1))
    audio = tilted(audio[begin : begin + n_samples], rng.uniform(-0.65, 0.4))
    return levelled_as_a_voice(rng, audio)
