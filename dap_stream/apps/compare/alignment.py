"""Recordings brought to one rate, one channel and one place in time, so that samples can be compared."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from scipy.signal import correlate, resample_poly

from dap_stream.core.array_types import F64
from dap_stream.core.finite import finite
from dap_stream.core.streams import read_up_to
from dap_stream.errors import InputError, SettingError
from dap_stream.io.open_audio import open_audio

MOST_S = 1800.0  # that is compared at once: it is held in memory
_SEARCH_S, _CORRELATED_S = 2.0, 30.0  # how far apart they may be, and by how much of them it is judged
_LEAST_MATCH = 0.1  # correlation from which an offset is believed


def read_whole(path: str) -> tuple[F64, int]:
    """All of a file ``[channels, samples]``, at most `MOST_S`, and its rate."""
    with open_audio(Path(path)) as source:
        rate = source.sample_rate
        audio = read_up_to(source, round(MOST_S * rate) + 1)
    if audio.shape[1] > MOST_S * rate:
        raise SettingError(
            f"{path}: is longer than {MOST_S / 60.0:.0f} minutes, the most that is compared; "
            "cut a part of it first"
        )
    return np.asarray(finite(audio), np.float64), rate


def to_rate(audio: F64, rate: int, wanted: int) -> F64:
    """The same at another rate."""
    if rate == wanted:
        return audio
    common = math.gcd(rate, wanted)
    return np.asarray(resample_poly(audio, wanted // common, rate // common, axis=1))


def offset_of(late: F64, reference: F64, rate: int) -> int:
    """By how many samples ``late [samples]`` is behind the reference; 0 if they have nothing in common.

    The whole cross-correlation is searched, up to `_SEARCH_S` to either side.
    """
    n = min(len(late), len(reference), round(_CORRELATED_S * rate))
    one, other = late[:n] - late[:n].mean(), reference[:n] - reference[:n].mean()
    scale = math.sqrt(float(one @ one) * float(other @ other))
    if not scale:
        return 0
    matches = correlate(one, other, method="fft") / scale
    reach = min(round(_SEARCH_S * rate), n - 1)
    near = matches[n - 1 - reach : n + reach]
    best = int(np.argmax(np.abs(near)))
    return best - reach if abs(near[best]) >= _LEAST_MATCH else 0


def shifted(audio: F64, offset: int) -> F64:
    """``audio [channels, samples]`` without its first ``offset`` samples, or with so many zeros before it."""
    if offset >= 0:
        return audio[:, offset:]
    return np.pad(audio, ((0, 0), (-offset, 0)))


def check_not_silent(path: str, audio: F64) -> None:
    """InputError if there is nothing to compare."""
    if not audio.any():
        raise InputError(f"{path}: holds silence only; there is nothing to compare")
