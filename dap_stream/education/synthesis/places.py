"""Rooms, microphones and what else happens to sound before it is heard, made of random numbers."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import fft, signal

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.chance import log_uniform
from dap_stream.education.synthesis.filters import high_pass
from dap_stream.education.synthesis.maker import SAMPLE_RATE


def room_response(rng: np.random.Generator) -> F32:
    """An impulse response: the direct sound, a few reflections, and a tail that dies sooner at high pitch.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    F32
        Samples at 16 kHz, at most 0.6 s; the direct sound comes first and is 1.
    """
    rt60 = log_uniform(rng, 0.1, 1.2)
    n = int(min(rt60 * 1.1, 0.6) * SAMPLE_RATE)
    t = np.arange(n) / SAMPLE_RATE
    # Four bands of noise, each with its own decay; together they have all frequencies.
    edges = (rng.uniform(150, 400), rng.uniform(800, 1800), rng.uniform(2500, 5500))
    ratios = np.cumprod(
        [rng.uniform(0.7, 1.5), rng.uniform(0.8, 1.2), rng.uniform(0.5, 1.0), rng.uniform(0.4, 1.0)]
    )
    tilt = rng.uniform(0.4, 1.0)
    spectrum = fft.rfft(rng.standard_normal(n), fft.next_fast_len(n))
    f = np.fft.rfftfreq(fft.next_fast_len(n), 1.0 / SAMPLE_RATE)
    tail = np.zeros(n)
    for k, ratio in enumerate(ratios):
        low = 0.0 if k == 0 else edges[k - 1]
        high = SAMPLE_RATE if k == 3 else edges[k]
        weight = (
            1.0 / (1.0 + (f / high) ** 4) * (1.0 - 1.0 / (1.0 + (f / max(low, 1.0)) ** 4) if low else 1.0)
        )
        part = fft.irfft(spectrum * weight, fft.next_fast_len(n))[:n]
        tail += tilt**k * part * np.exp(-6.9 * t / (rt60 * min(max(float(ratio), 0.2), 1.6)))
    onset = rng.uniform(0.002, 0.03)
    tail *= np.minimum(t / onset, 1.0) ** rng.uniform(0.5, 2.0)
    last = rng.uniform(0.01, 0.06)
    for _ in range(int(rng.integers(2, 14))):
        at = int(rng.uniform(0.0008, last) * SAMPLE_RATE)
        if at + 8 < n:
            gain = rng.choice((-1.0, 1.0)) * rng.uniform(0.1, 1.0) * np.exp(-at / SAMPLE_RATE / last)
            width = rng.uniform(0.3, 2.0)
            tap = np.exp(-0.5 * ((np.arange(9) - 4.0) / width) ** 2)
            tail[max(at - 4, 1) : at + 5] += gain * tap[max(5 - at, 0) :] / np.sum(tap) * np.std(tail) * 12.0
    tail[0] = 0.0
    energy = float(np.sum(tail * tail))
    ratio_db = rng.uniform(-3.0, 20.0)
    tail *= np.sqrt(10.0 ** (-ratio_db / 10.0) / max(energy, 1e-12))
    fade = min(n, 800)
    tail[n - fade :] *= np.linspace(1.0, 0.0, fade)
    tail[0] = 1.0
    return tail.astype(np.float32)


def microphone_gain(rng: np.random.Generator, frequencies_hz: F32 | F64) -> F32:
    """The colour of a microphone and what is behind it.

    Parameters
    ----------
    rng : numpy.random.Generator
    frequencies_hz : F32 or F64

    Returns
    -------
    F32
        What to multiply the amplitude at each of the frequencies by; about 1 in the middle.
    """
    f = np.asarray(frequencies_hz, dtype=np.float64)
    octave = np.log2(np.maximum(f, 20.0) / 1000.0)
    tilt = float(np.clip(rng.normal(0.0, 2.0), -6.0, 6.0))
    db = np.clip(tilt * octave, -15.0, 15.0)
    for _ in range(int(rng.integers(1, 5))):
        centre, width = rng.uniform(-3.5, 3.0), np.exp(rng.uniform(np.log(0.1), np.log(1.2)))
        db += rng.uniform(-9.0, 9.0) * np.exp(-0.5 * ((octave - centre) / width) ** 2)
    if rng.random() < 0.3:
        db += rng.uniform(2.0, 10.0) / (1.0 + (f / rng.uniform(100.0, 300.0)) ** 2)
    low = log_uniform(rng, 20.0, 200.0)
    order = int(rng.integers(1, 4))
    gain = 10.0 ** (db / 20.0) * high_pass(f, low, order)
    kind = rng.random()
    if kind < 0.06:
        gain = (
            gain * high_pass(f, rng.uniform(250.0, 350.0), 4) * _low_pass(f, rng.uniform(3200.0, 3600.0), 12)
        )
    elif kind < 0.24:
        limit = float(rng.choice((4000.0, 5500.0, 7000.0))) * rng.uniform(0.93, 1.05)
        gain = gain * _low_pass(f, limit, int(rng.integers(4, 25)))
    return gain.astype(np.float32)


def _low_pass(f: F64, limit: float, order: int) -> F64:
    return 1.0 / np.sqrt(1.0 + (f / limit) ** (2 * order))


def saturate(rng: np.random.Generator, audio: F32) -> F32:
    """A mild overload: bent or cut peaks, or a compressor that pulls loud passages down.

    Parameters
    ----------
    rng : numpy.random.Generator
    audio : F32
        One channel.

    Returns
    -------
    F32
        As long and about as loud.
    """
    peak = float(np.max(np.abs(audio), initial=1e-6))
    x = audio.astype(np.float64) / peak
    kind = rng.random()
    if kind < 0.4:
        drive, offset = log_uniform(rng, 0.5, 4.0), rng.uniform(-0.15, 0.15)
        y = np.tanh(drive * (x + offset)) - np.tanh(drive * offset)
    elif kind < 0.65:
        y = np.clip(x, -rng.uniform(0.3, 0.95), rng.uniform(0.3, 0.95))
    else:
        hold = log_uniform(rng, 0.01, 0.2)
        r = np.exp(-1.0 / (hold * SAMPLE_RATE))
        power = np.maximum(signal.lfilter([1.0 - r], [1.0, -r], x * x), 1e-8)
        threshold = rng.uniform(0.05, 0.4) ** 2
        y = x * np.maximum(power / threshold, 1.0) ** (-0.5 * rng.uniform(0.3, 0.9))
    before, after = np.sqrt(np.mean(x * x)), np.sqrt(np.mean(y * y))
    scale = peak * min(before / max(after, 1e-9), 1.0 / max(peak * np.max(np.abs(y)), 1e-9))
    return np.asarray(y * scale, dtype=np.float32)


def coded(rng: np.random.Generator, audio: F32) -> F32:
    """As if it had been sent at few bits: coarse steps in each band, holes where little was, a limit.

    Parameters
    ----------
    rng : numpy.random.Generator
    audio : F32
        One channel.

    Returns
    -------
    F32
        As long.
    """
    size = int(rng.choice((256, 512, 1024)))
    if len(audio) < size:
        return audio.copy()
    _, _, spectrum = signal.stft(audio, SAMPLE_RATE, "cosine", size, size // 2)
    magnitude = np.abs(spectrum)
    n_bands = int(rng.integers(10, 22))
    edges = np.unique(np.geomspace(2, size // 2 + 1, n_bands).astype(int))
    edges[0] = 0
    top = float(rng.choice((3400.0, 5000.0, 7000.0, 8000.0), p=(0.1, 0.2, 0.3, 0.4)))
    fineness, mask_db = log_uniform(rng, 0.15, 1.2), rng.uniform(20.0, 50.0)
    fill = rng.uniform(0.0, 0.8) if rng.random() < 0.5 else 0.0
    loudest = np.maximum(np.sqrt(np.mean(magnitude**2, axis=0)), 1e-9)
    out = np.zeros_like(spectrum)
    for low, high in itertools.pairwise(edges):
        if low * SAMPLE_RATE / size > top:
            break
        part = spectrum[low:high]
        size_of = np.sqrt(np.mean(np.abs(part) ** 2, axis=0))
        step = np.maximum(size_of * fineness, 1e-9)
        kept = (np.round(part.real / step) + 1j * np.round(part.imag / step)) * step
        hole = size_of < loudest * 10.0 ** (-mask_db / 20.0)
        noise = (
            (rng.standard_normal(part.shape) + 1j * rng.standard_normal(part.shape)) * size_of * fill * 0.7
        )
        out[low:high] = np.where(hole, noise, kept)
    _, back = signal.istft(out, SAMPLE_RATE, "cosine", size, size // 2)
    return np.asarray(back[: len(audio)], dtype=np.float32)


def levels(rng: np.random.Generator, n_samples: int) -> F32:
    """Gain over time: mostly a slow drift, at times a fade or a change of distance.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_samples : int

    Returns
    -------
    F32
        Linear, around 1, between -30 and +12 dB.
    """
    seconds = n_samples / SAMPLE_RATE
    knots = max(2, int(seconds * rng.uniform(0.2, 1.5)) + 2)
    at = np.linspace(0, n_samples, knots)
    time = np.arange(n_samples)
    db = np.interp(time, at, np.cumsum(rng.normal(0.0, rng.uniform(0.0, 2.5), knots)))
    db -= np.mean(db) if n_samples else 0.0
    for _ in range(int(rng.poisson(0.25 * seconds / 4.0 + 0.1))):
        step, width = rng.uniform(-10.0, 6.0), rng.uniform(0.02, 0.8) * SAMPLE_RATE
        db += step / (1.0 + np.exp(np.clip(-(time - rng.uniform(0, n_samples)) / (0.2 * width), -60, 60)))
    if rng.random() < 0.08:
        ramp = np.linspace(0.0, rng.uniform(-30.0, -10.0), n_samples)
        db += ramp if rng.random() < 0.5 else ramp[::-1]
    return (10.0 ** (np.clip(db, -30.0, 12.0) / 20.0)).astype(np.float32)
