"""Sounds in surroundings: echoes drawn for each, and the impulse responses of `places`."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.education.synthesis.places import room_response


def reverberant(rng: np.random.Generator, sound: F32, seconds: float, wet: float) -> F32:
    """Add the echoes of a room, or of a wood or valley: noise that dies away, its treble first.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    sound : F32
        The sound, ``[samples]``.
    seconds : float
        How long the echoes take to fall by 60 dB.
    wet : float
        Their size beside the sound itself.

    Returns
    -------
    F32
        Both, as long as before.
    """
    n = len(sound)
    if n < 2:
        return sound
    length = max(2, min(n, int(seconds * SAMPLE_RATE)))
    time = np.arange(length) / SAMPLE_RATE
    echo = rng.standard_normal(length) * 10.0 ** (-3.0 * time / seconds)
    # The treble dies sooner: a darker copy takes over as time goes by.
    pole = rng.uniform(0.3, 0.85)
    dark = signal.lfilter([1.0 - pole], [1.0, -pole], echo)
    share = np.minimum(1.0, time / (0.5 * seconds))
    echo = (1.0 - share) * echo + 1.5 * share * dark
    echo[: min(length, int(rng.uniform(0.001, 0.03) * SAMPLE_RATE))] = 0.0
    echo *= wet / max(float(np.sqrt(np.sum(echo * echo))), 1e-9)
    echo[0] += 1.0
    size = fft.next_fast_len(n + length, real=True)
    spectrum = fft.rfft(sound, size) * fft.rfft(echo.astype(np.float32), size)
    out: F32 = fft.irfft(spectrum, size)[:n].astype(np.float32)
    return out


def somewhere(rng: np.random.Generator, sound: F32, chance: float = 0.6, longest: float = 2.5) -> F32:
    """Put a sound into surroundings at random, or leave it dry.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    sound : F32
        The sound, ``[samples]``.
    chance : float, optional
        How likely there are echoes.
    longest : float, optional
        The longest they may take to fall by 60 dB.

    Returns
    -------
    F32
        The sound there, as long as before.
    """
    if rng.random() >= chance:
        return sound
    return reverberant(rng, sound, log_uniform(rng, 0.1, longest), log_uniform(rng, 0.05, 1.0))


def in_room(rng: np.random.Generator, audio: F64, wet: float | None = None) -> F64:
    """`audio` as it is heard in a random room, or without any in a quarter of the cases."""
    if wet is None and rng.random() < 0.25:
        return audio
    room = room_response(rng).astype(np.float64)
    if wet is not None:
        room[1:] *= wet
    elif rng.random() < 0.25:  # far away: little of it comes straight
        room[1:] *= rng.uniform(1.5, 6.0)
    return np.asarray(signal.oaconvolve(audio, room)[: len(audio)])
