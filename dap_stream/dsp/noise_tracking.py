"""Noise tracking: a slow floor to whiten by, and the noise psd over time from the expected power."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32

Mask = npt.NDArray[np.bool_]

QUANTILE = 0.15  # of the time a sound leaves most bins alone; speech and song pause more than that
QUANTILE_TO_MEAN = float(np.log(1.5))  # from that quantile of the expected noise power to its mean
FLOOR_FRAMES = 8  # averaged before the floor's quantile, so that it does not follow single dips
THINNING = 4  # the expected power is smooth: every fourth frame shows its quantile as well


class NoiseFloor:
    """Slow floor of the power in each bin, for whitening. Its exact level does not matter, its shape does.

    State: means over a few frames of the last ``n_blocks`` blocks.
    """

    def __init__(self, n_blocks: int) -> None:
        self._means: deque[F32] = deque(maxlen=n_blocks)
        self._log_floor: F32 | None = None

    def advance(self, log_power: F32, is_active: Mask) -> F32:
        """Newest block ``[frames, bins]``, natural log of power, to the log floor ``[bins]``."""
        power = np.exp(log_power[is_active])
        n_groups = len(power) // FLOOR_FRAMES
        if n_groups:
            groups = power[: n_groups * FLOOR_FRAMES].reshape(n_groups, FLOOR_FRAMES, -1)
            self._means.append(groups.mean(axis=1))
            quantile = _quantile(np.concatenate(self._means))
            self._log_floor = np.log(quantile + np.float32(1e-20)).astype(np.float32)
        elif self._log_floor is None:
            some = log_power[is_active] if is_active.any() else log_power
            return np.asarray(some.mean(axis=0), np.float32)
        assert self._log_floor is not None
        return self._log_floor


class NoiseTracker:
    """Noise psd over time: a low quantile of the expected power around each moment.

    The expected power varies little where there is only noise, so that its quantile is nearly
    unbiased, unlike that of the power itself (Martin 2001, minimum statistics). The span reaches
    ``half`` blocks back and ``half`` blocks ahead; output is ``half`` blocks late.
    """

    def __init__(self, half: int) -> None:
        self.delay_blocks = half
        self._recent: deque[F32] = deque(maxlen=2 * half)
        self._n_blocks = 0
        self._here: F32 | None = None  # at the start of the block that comes next
        self._after: F32 | None = None

    def advance(self, log_expected: F32, is_active: Mask) -> F32:
        """Newest block ``[frames, bins]`` to the log noise psd of the block ``half`` blocks before it."""
        self._recent.append(log_expected[is_active][::THINNING])
        self._n_blocks += 1
        found = np.concatenate(self._recent)
        if len(found):
            self._after = _noise_level(found)
        n_frames, n_bins = log_expected.shape
        if self._after is None:
            return log_expected.copy()
        if self._here is None or self._n_blocks <= self.delay_blocks + 1:
            self._here = self._after  # nothing is known of the time before the recording
        weight = (np.arange(n_frames, dtype=np.float32)[:, None] + 0.5) / n_frames
        out = self._here + weight * (self._after - self._here)
        self._here = self._after
        return np.asarray(out.reshape(n_frames, n_bins), np.float32)


def steady_noise(log_expected: F32, is_active: Mask) -> F32:
    """Log noise psd ``[bins]`` of a whole excerpt from its log expected power ``[frames, bins]``.

    At least one frame must be active.
    """
    return _noise_level(log_expected[is_active][::THINNING])


def _noise_level(log_expected: F32) -> F32:
    """Log of the mean noise power from expected power at any times: ``[n, bins]`` to ``[bins]``."""
    return (_quantile(log_expected) + np.float32(QUANTILE_TO_MEAN)).astype(np.float32)


def _quantile(values: F32) -> F32:
    """`QUANTILE` along the first axis, without interpolation: ``[n, bins]`` to ``[bins]``."""
    rank = min(int(QUANTILE * len(values)), len(values) - 1)
    return np.asarray(np.partition(values, rank, axis=0)[rank], np.float32)
