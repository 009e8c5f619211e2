"""When an animal calls: calls in bouts, bouts in silence, alone or one of several."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.envelopes import add_at
from dap_stream.education.synthesis.levels import levelled_by_frames
from dap_stream.education.synthesis.maker import SAMPLE_RATE, MakeSound
from dap_stream.education.synthesis.rooms import somewhere

Call = Callable[[np.random.Generator], F32]
"""One call of one individual: of any length, about as loud each time."""


def bouts(
    rng: np.random.Generator,
    n_samples: int,
    call: Call,
    calls: tuple[int, int],
    gap: tuple[float, float],
    pause: tuple[float, float],
) -> F32:
    """Let one individual call: so many calls with short gaps, a pause, and so on.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n_samples : int
        How many there are in all.
    call : Call
        Makes each call.
    calls : (int, int)
        How many of them a bout has, from and to.
    gap, pause : (float, float)
        The silences between calls and between bouts in seconds, from and to. An individual has a gap of
        its own and keeps to it more or less.

    Returns
    -------
    F32
        All of it, ``[n_samples]``.
    """
    out = np.zeros(n_samples, dtype=np.float32)
    own = log_uniform(rng, *gap)
    uneven = rng.uniform(0.0, 0.4)
    at = int(rng.uniform(0.0, min(0.5 * n_samples, pause[1] * SAMPLE_RATE)))
    under_way = rng.random() < 0.35  # the first call has begun before the first sample
    while at < n_samples:
        loudness = log_uniform(rng, 0.5, 1.0)
        for _ in range(int(rng.integers(calls[0], calls[1] + 1))):
            sound = call(rng)
            if under_way:
                at, under_way = -int(rng.uniform(0.0, 0.6) * len(sound)), False
            add_at(out, sound, at, loudness * log_uniform(rng, 0.7, 1.0))
            at += len(sound) + max(1, int(own * SAMPLE_RATE * (1.0 + uneven * rng.uniform(-1.0, 1.0))))
            if at >= n_samples:
                break
        at += int(log_uniform(rng, *pause) * SAMPLE_RATE)
    return out


def individuals(at_most: int) -> Callable[[MakeSound], MakeSound]:
    """Let one individual be heard, or several at different distances, and set the level.

    Parameters
    ----------
    at_most : int
        How many there are; one is the likeliest.

    Returns
    -------
    callable
        A decorator of a function that makes all that one individual has to say.
    """

    def decorate(one: MakeSound) -> MakeSound:
        @wraps(one)
        def make(rng: np.random.Generator, n_samples: int) -> F32:
            out = somewhere(rng, one(rng, n_samples))
            n_heard = 1
            while n_heard < at_most and rng.random() < 0.3:
                out = out + np.float32(log_uniform(rng, 0.1, 1.0)) * somewhere(rng, one(rng, n_samples))
                n_heard += 1
            return levelled_by_frames(rng, out)

        return make

    return decorate


def repeat(rng: np.random.Generator, sound: F32, times: int, gap: float) -> F32:
    """Say the same thing several times over.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    sound : F32
        What is said.
    times : int
        How often.
    gap : float
        The silence between, in seconds.

    Returns
    -------
    F32
        All of it.
    """
    step = len(sound) + max(1, int(gap * SAMPLE_RATE))
    out = np.zeros(step * times, dtype=np.float32)
    for k in range(times):
        add_at(
            out, sound, k * step + int(rng.uniform(0.0, 0.1) * gap * SAMPLE_RATE), log_uniform(rng, 0.7, 1.0)
        )
    return out
