"""Shapes in time: envelopes, how a sound begins and ends, and where in a piece it goes."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.maker import SAMPLE_RATE


def swell(n: int, attack: float, release: float, power: float = 1.0) -> F64:
    """Make an envelope that rises, stays and falls, in raised cosines.

    Parameters
    ----------
    n : int
        How many samples.
    attack, release : float
        The parts of it that rise and fall, in seconds; both shrink where they do not fit.
    power : float, optional
        To which power the slopes are taken: above 1 they are more pointed.

    Returns
    -------
    F64
        The envelope, ``[n]``, from 0 to 1.
    """
    up, down = max(1, int(attack * SAMPLE_RATE)), max(1, int(release * SAMPLE_RATE))
    if up + down > n:
        up, down = max(1, n * up // (up + down)), max(1, n * down // (up + down))
    envelope = np.ones(n)
    rise, fall = np.arange(min(up, n)), np.arange(min(down, n))
    envelope[: len(rise)] *= (0.5 - 0.5 * np.cos(np.pi * (rise + 0.5) / up)) ** power
    envelope[n - len(fall) :] *= ((0.5 - 0.5 * np.cos(np.pi * (fall + 0.5) / down)) ** power)[::-1]
    return envelope


def decay_envelope(n: int, attack: float, seconds: float) -> F64:
    """Make an envelope that rises fast and dies away exponentially.

    Parameters
    ----------
    n : int
        How many samples.
    attack : float
        Seconds to the top.
    seconds : float
        How long it takes to fall by 60 dB.

    Returns
    -------
    F64
        The envelope, ``[n]``, about 1 at most.
    """
    time = np.arange(n) / SAMPLE_RATE
    envelope: F64 = np.minimum(1.0, (time + 0.5 / SAMPLE_RATE) / max(attack, 1.0 / SAMPLE_RATE)) * 10.0 ** (
        -3.0 * time / seconds
    )
    end = min(n, 80)
    envelope[n - end :] *= np.linspace(1.0, 0.0, end)
    return envelope


def fade_in(sound: F32, attack: float) -> F32:
    """Smooth the beginning of a sound, in place.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    attack : float
        How long, in seconds.

    Returns
    -------
    F32
        The same.
    """
    n = min(len(sound), max(2, int(attack * SAMPLE_RATE)))
    sound[:n] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)
    return sound


def released(sound: F32, seconds: float, damping: float) -> F32:
    """Damp a sound after some time, in place, as a damper or a hand does.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    seconds : float
        When.
    damping : float
        How long it then takes to fall by 60 dB, in seconds.

    Returns
    -------
    F32
        What is left, without the silence after it.
    """
    begin = int(seconds * SAMPLE_RATE)
    end = min(len(sound), begin + int(damping * SAMPLE_RATE))
    if begin < end:
        sound[begin:end] *= 10.0 ** (
            -3.0 * np.arange(end - begin, dtype=np.float32) / (damping * SAMPLE_RATE)
        )
    sound = sound[:end]
    tail = min(len(sound), 160)
    sound[len(sound) - tail :] *= np.linspace(1.0, 0.0, tail, dtype=np.float32)
    return sound


def add_at(out: F32, sound: F32, at: int, size: float = 1.0) -> None:
    """Add a sound into another from a sample on; what lies outside is left out.

    Parameters
    ----------
    out : F32
        What is added to, in place.
    sound : F32
        What is added.
    at : int
        The sample of `out` where it begins; may be negative.
    size : float, optional
        Times this.
    """
    begin, end = max(at, 0), min(at + len(sound), len(out))
    if begin < end:
        out[begin:end] += np.float32(size) * sound[begin - at : end - at]
