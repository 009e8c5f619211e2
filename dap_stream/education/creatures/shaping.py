"""Shaping of sounds once they exist: envelopes, noise, filters, a room, the level."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from dap_stream.core.array_types import F32, F64
from dap_stream.education.creatures.sound_kernels import RATE
from dap_stream.education.creatures.tones import log_uniform

_FRAME = RATE // 50
_ACTIVE_DB = 30.0  # a frame is active if it is no further than this below the loudest


def noise(rng: np.random.Generator, n: int) -> F32:
    """Draw white noise of variance 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    n : int
        How many samples.

    Returns
    -------
    F32
        The noise, ``[n]``.
    """
    return rng.standard_normal(n, dtype=np.float32)


def band(sound: F32, low: float, high: float, order: int = 2) -> F32:
    """Keep a band of frequencies.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    low, high : float
        Its edges in Hz; 0, or 8000 and more, where there is none.
    order : int, optional
        The steepness of the edges.

    Returns
    -------
    F32
        The band, ``[samples]``.
    """
    top = 0.49 * RATE
    if low <= 0.0 and high >= top:
        return sound
    if low <= 0.0:
        sos = signal.butter(order, high, "lowpass", fs=RATE, output="sos")
    elif high >= top:
        sos = signal.butter(order, min(low, 0.9 * top), "highpass", fs=RATE, output="sos")
    else:
        sos = signal.butter(order, (low, max(high, 1.05 * low)), "bandpass", fs=RATE, output="sos")
    out: F32 = signal.sosfilt(sos, sound).astype(np.float32)
    return out


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
    up, down = max(1, int(attack * RATE)), max(1, int(release * RATE))
    if up + down > n:
        up, down = max(1, n * up // (up + down)), max(1, n * down // (up + down))
    envelope = np.ones(n)
    rise, fall = np.arange(min(up, n)), np.arange(min(down, n))
    envelope[: len(rise)] *= (0.5 - 0.5 * np.cos(np.pi * (rise + 0.5) / up)) ** power
    envelope[n - len(fall) :] *= ((0.5 - 0.5 * np.cos(np.pi * (fall + 0.5) / down)) ** power)[::-1]
    return envelope


def fade(n: int, attack: float, seconds: float) -> F64:
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
    time = np.arange(n) / RATE
    envelope: F64 = np.minimum(1.0, (time + 0.5 / RATE) / max(attack, 1.0 / RATE)) * 10.0 ** (
        -3.0 * time / seconds
    )
    end = min(n, 80)
    envelope[n - end :] *= np.linspace(1.0, 0.0, end)
    return envelope


def room(rng: np.random.Generator, sound: F32, seconds: float, wet: float) -> F32:
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
    length = max(2, min(n, int(seconds * RATE)))
    time = np.arange(length) / RATE
    echo = rng.standard_normal(length) * 10.0 ** (-3.0 * time / seconds)
    # The treble dies sooner: a darker copy takes over as time goes by.
    pole = rng.uniform(0.3, 0.85)
    dark = signal.lfilter([1.0 - pole], [1.0, -pole], echo)
    share = np.minimum(1.0, time / (0.5 * seconds))
    echo = (1.0 - share) * echo + 1.5 * share * dark
    echo[: min(length, int(rng.uniform(0.001, 0.03) * RATE))] = 0.0
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
    return room(rng, sound, log_uniform(rng, 0.1, longest), log_uniform(rng, 0.05, 1.0))


def leveled(rng: np.random.Generator, sound: F32) -> F32:
    """Bring a sound to a level at random: where it is active, an RMS of 0.05 to 0.1, and no peak above 0.95.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance.
    sound : F32
        The sound, ``[samples]``.

    Returns
    -------
    F32
        The sound at its level; silence stays silent.
    """
    wanted = rng.uniform(0.05, 0.1)
    if len(sound) == 0:
        return sound
    frames = np.pad(sound, (0, -len(sound) % _FRAME)).reshape(-1, _FRAME).astype(np.float64)
    power = np.mean(frames * frames, axis=1)
    loudest, peak = float(power.max()), float(np.abs(sound).max())
    if not loudest > 1e-20:
        return np.zeros_like(sound)
    active = float(np.sqrt(power[power > loudest * 10.0 ** (-_ACTIVE_DB / 10.0)].mean()))
    return sound * np.float32(min(wanted / active, 0.95 / peak))
