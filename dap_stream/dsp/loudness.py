"""How loud a sound is to the ear: K-weighting and gated loudness as in ITU-R BS.1770-4."""

from __future__ import annotations

import numpy as np
from scipy.signal import sosfilt

from dap_stream.core.array_types import F64, Audio

STEP_S = 0.1
"""Seconds of one value of `LoudnessMeter.powers`: blocks of 400 ms overlap by three quarters."""

_STEPS_PER_BLOCK = 4
_OFFSET_DB = -0.691  # so that a sine of 997 Hz at full scale in one channel is -3.01
_ABSOLUTE_GATE, _RELATIVE_GATE_DB = -70.0, -10.0


def k_weighting(sample_rate: int) -> F64:
    """Second-order sections of the filter at any rate: a shelf for the head, a high-pass for the lows.

    The analogue prototypes behind the coefficients that BS.1770 gives at 48 kHz, by the bilinear transform.
    """
    frequency, quality, gain = 1681.974450955533, 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    k = np.tan(np.pi * frequency / sample_rate)
    middle = gain**0.4996667741545416
    a0 = 1.0 + k / quality + k * k
    shelf = [
        (gain + middle * k / quality + k * k) / a0,
        2.0 * (k * k - gain) / a0,
        (gain - middle * k / quality + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / quality + k * k) / a0,
    ]
    frequency, quality = 38.13547087602444, 0.5003270373238773
    k = np.tan(np.pi * frequency / sample_rate)
    a0 = 1.0 + k / quality + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / quality + k * k) / a0]
    return np.array([shelf, high_pass])


class KWeighting:
    """The filter as a stream: ``[channels, samples]`` to the same shape."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._sections = k_weighting(sample_rate)
        self._state = np.zeros((2, channels, 2))

    def process(self, audio: Audio) -> F64:
        """The next samples, weighted."""
        weighted, self._state = sosfilt(self._sections, np.asarray(audio, np.float64), zi=self._state)
        return np.asarray(weighted)


class LoudnessMeter:
    """Loudness of a stream of K-weighted samples; its memory grows by 80 bytes a second."""

    def __init__(self, sample_rate: int) -> None:
        self._step = round(STEP_S * sample_rate)
        self._powers: list[F64] = []
        self._left = np.empty(0)

    def add(self, weighted: F64) -> None:
        """The next samples ``[channels, samples]``, from `KWeighting`."""
        power = np.concatenate([self._left, np.sum(weighted**2, axis=0)])
        whole = len(power) // self._step * self._step
        self._powers.append(power[:whole].reshape(-1, self._step).mean(axis=1))
        self._left = power[whole:]

    @property
    def powers(self) -> F64:
        """Mean power of all channels together in each `STEP_S`."""
        return np.concatenate([*self._powers, np.empty(0)])

    @property
    def lufs(self) -> float | None:
        """Loudness of all so far, of what is not silence; None if there is nothing but that."""
        powers = self.powers
        if len(powers) < _STEPS_PER_BLOCK:
            blocks = powers if len(powers) else np.array([self._left.mean()] if len(self._left) else [])
        else:
            blocks = np.convolve(powers, np.full(_STEPS_PER_BLOCK, 1.0 / _STEPS_PER_BLOCK), "valid")
        loud = blocks[to_lufs(blocks) > _ABSOLUTE_GATE]
        if not len(loud):
            return None
        loud = loud[to_lufs(loud) > to_lufs(loud.mean()) + _RELATIVE_GATE_DB]
        return float(to_lufs(loud.mean()))


def to_lufs(power: F64 | np.floating) -> F64:
    """Loudness of K-weighted power.

    >>> round(float(to_lufs(np.float64(0.5))), 2)
    -3.7
    """
    return np.asarray(_OFFSET_DB + 10.0 * np.log10(np.asarray(power) + 1e-20))
