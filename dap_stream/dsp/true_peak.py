"""The highest level that a sound has between its samples too: true peak as in ITU-R BS.1770-4, Annex 2."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F64, Audio
from dap_stream.dsp.true_peak_kernels import true_peaks

HALF = 16
"""Samples before and after a place between two of them that its value is made from."""

_KAISER_BETA = 5.65  # -60 dB; flat up to 0.44 of the sample rate with these lengths
_ENOUGH_HZ = 384_000  # rate at which samples are looked at, at least
_PIECE = 2048


def interpolators(sample_rate: int) -> F64:
    """Filters ``[places, 2 * HALF]`` for the places between two samples, evenly apart.

    Together with the samples 8 times as many up to 48 kHz, so that a sine at any frequency is seen 0.17 dB
    too low at most; fewer at higher rates. The recommendation has half as many, and sees 0.7 dB too little:
    enough to measure a peak, but not for a limiter that other meters shall agree with. Each filter is a sinc
    under a Kaiser window.
    """
    factor = min(max(2 ** int(np.ceil(np.log2(_ENOUGH_HZ / sample_rate))), 1), 8)
    places = np.arange(1, factor)[:, None] / factor
    distance = np.arange(1 - HALF, HALF + 1) - places
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(1.0 - (distance / HALF) ** 2, 0.0)))
    filters = np.sinc(distance) * window
    return np.asarray(filters / filters.sum(axis=1, keepdims=True), np.float64)


class PeakEnvelope:
    """True peak of all channels from each sample up to the next, as a stream; `HALF` samples late.

    What is at or below ``floor`` may come out lower than it is, which saves nearly all of the time.
    """

    latency = HALF

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._filters = interpolators(sample_rate)
        self._past: F64 = np.zeros((channels, 2 * HALF - 1))

    def process(self, audio: Audio, floor: float = 0.0) -> F64:
        """``[channels, n]`` to ``[n]``, linear."""
        around: F64 = np.concatenate((self._past, np.asarray(audio, np.float64)), axis=1)
        self._past = around[:, around.shape[1] - (2 * HALF - 1) :]
        peaks = np.empty(audio.shape[1])
        true_peaks(around, self._filters, floor, peaks)
        return peaks


class TruePeakMeter:
    """True peak of all of a stream."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._envelope = PeakEnvelope(sample_rate, channels)
        self._channels = channels
        self._peak = 0.0

    def add(self, audio: Audio) -> None:
        """The next samples ``[channels, n]``."""
        for begin in range(0, audio.shape[1], _PIECE):  # the higher it is, the less is looked at
            peaks = self._envelope.process(audio[:, begin : begin + _PIECE], self._peak)
            self._peak = max(self._peak, float(peaks.max()))

    def end(self) -> float:
        """The peak, linear; nothing may be added any more."""
        self.add(np.zeros((self._channels, HALF)))
        return self._peak
