"""Conversions between units, as pure functions of numbers.

A gain is a factor of the amplitude, so ``db = 20 log10(gain)``. Times are seconds or
milliseconds, lengths are samples.
"""

from __future__ import annotations

import math

MAX_SECONDS = 1e9  # thirty years


def db_to_gain(db: float) -> float:
    """Amplitude factor of a level in decibel; ``-inf`` gives 0.

    >>> round(db_to_gain(-6.0), 4)
    0.5012
    """
    return float(10.0 ** (db / 20.0))


def gain_to_db(gain: float) -> float:
    """Level in decibel of an amplitude factor >= 0; 0 gives ``-inf``.

    >>> gain_to_db(10.0)
    20.0
    """
    return 20.0 * math.log10(gain) if gain > 0.0 else -math.inf


def power_to_db(power: float) -> float:
    """Level in decibel of a squared magnitude >= 0; 0 gives ``-inf``."""
    return 10.0 * math.log10(power) if power > 0.0 else -math.inf


def seconds_to_samples(seconds: float, sample_rate: int) -> int:
    """Nearest whole number of samples."""
    return round(seconds * sample_rate)


def samples_to_seconds(n_samples: int, sample_rate: int) -> float:
    """Duration in seconds."""
    return n_samples / sample_rate


def ms_to_samples(ms: float, sample_rate: int) -> int:
    """Nearest whole number of samples.

    >>> ms_to_samples(10.0, 44100)
    441
    """
    return round(ms * sample_rate / 1000.0)


def samples_to_ms(n_samples: int, sample_rate: int) -> float:
    """Duration in milliseconds."""
    return 1000.0 * n_samples / sample_rate


def format_seconds(seconds: float, decimals: int = 0) -> str:
    """Time as ``m:ss`` or ``h:mm:ss``; ``decimals`` digits after the point.

    >>> format_seconds(75), format_seconds(3661.25, decimals=1)
    ('1:15', '1:01:01.2')
    """
    # Round once, before splitting, so that 59.99 becomes 1:00 and never 0:60.
    ticks = round(abs(seconds) * 10**decimals)
    whole, fraction = divmod(ticks, 10**decimals)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    if decimals:
        text += f".{fraction:0{decimals}d}"
    return f"-{text}" if seconds < 0 and ticks else text


def format_channels(channels: int) -> str:
    """Number of channels, in words.

    >>> format_channels(1), format_channels(2)
    ('1 channel', '2 channels')
    """
    return f"{channels} channel{'s' if channels > 1 else ''}"


def parse_seconds(text: str) -> float:
    """Seconds from ``90``, ``90.5``, ``1:30`` or ``1:01:30.5``; ValueError for anything else.

    >>> parse_seconds("1:01:30.5")
    3690.5
    """
    parts = text.strip().split(":")
    digits = [*parts[:-1], parts[-1].replace(".", "", 1)]
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() for part in digits):
        raise ValueError(f"time {text!r} must look like 90, 90.5, 1:30 or 1:01:30.5")
    numbers = [float(part) for part in parts]
    if any(number >= 60.0 for number in numbers[1:]):
        raise ValueError(f"time {text!r} has minutes or seconds of 60 or more")
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60.0 + number
    if seconds > MAX_SECONDS:
        raise ValueError(f"time {text!r} is longer than {MAX_SECONDS:g} s")
    return seconds
