"""How loud a sound is to the ear: K-weighting and gated loudness as in ITU-R BS.1770-4."""

from __future__ import annotations

import numpy as np
from scipy.signal import sosfilt

from dap_stream.core.array_types import F64, Audio

STEP_S = 0.1
"""Seconds of one value of `LoudnessMeter.powers`: blocks of 400 ms overlap by three quarters."""

BLOCK_S = 0.4
"""Seconds of a block that is gated; a sound that is shorter has no whole one."""

_STEPS_PER_BLOCK = 4
_OFFSET_DB = -0.691  # so that a sine of 997 Hz at full scale in one channel is -3.01
_ABSOLUTE_GATE, _RELATIVE_GATE_DB = -70.0, -10.0
_SURROUND = 10.0**0.15  # 1.5 dB: what comes from beside is heard louder
# Bits of a channel mask, as WAV has it.
_LFE, _BACK, _SIDE = (3,), (4, 5), (9, 10)


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


def channel_weights(mask: int, channels: int) -> F64:
    """Weight of the power of each channel (BS.1770-4, Annex 3).

    Parameters
    ----------
    mask
        Channel mask: which channel is which speaker. Where it is 0, or speaks of another number of channels,
        nothing is known and all weigh the same.
    channels
        Number of channels.

    Returns
    -------
    numpy.ndarray
        1.41 for what stands beside the listener (the surrounds of 5.1, also where they are named after the
        back), 0 for the low frequency effects, 1 for all others.
    """
    bits = [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
    if len(bits) != channels:
        return np.ones(channels)
    beside = _SIDE if any(bit in bits for bit in _SIDE) else _BACK
    return np.array([0.0 if bit in _LFE else _SURROUND if bit in beside else 1.0 for bit in bits])


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
    """Loudness of a stream of K-weighted samples; its memory grows by 80 bytes a second.

    Parameters
    ----------
    sample_rate
        Hz.
    weights
        Of the channels, from `channel_weights`; all the same by default.
    """

    def __init__(self, sample_rate: int, weights: F64 | None = None) -> None:
        self._step = round(STEP_S * sample_rate)
        self._weights = None if weights is None else weights[:, None]
        self._powers: list[F64] = []
        self._left = np.empty(0)

    def add(self, weighted: F64) -> None:
        """The next samples ``[channels, samples]``, from `KWeighting`."""
        squares = weighted**2 if self._weights is None else self._weights * weighted**2
        power = np.concatenate([self._left, np.sum(squares, axis=0)])
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
        return self.lufs_at(1.0)

    def lufs_at(self, gain: float) -> float | None:
        """The same if all were louder by this factor, so that less of it may count as silence."""
        powers = self.powers
        if len(powers) < _STEPS_PER_BLOCK:
            blocks = powers if len(powers) else np.array([self._left.mean()] if len(self._left) else [])
        else:
            blocks = np.convolve(powers, np.full(_STEPS_PER_BLOCK, 1.0 / _STEPS_PER_BLOCK), "valid")
        return gated_lufs(gain**2 * blocks)


def gated_lufs(blocks: F64) -> float | None:
    """Loudness of the power of blocks: of those above -70 LUFS, and no more than 10 LU below their mean."""
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
