"""A gain for all, and a true-peak limiter that looks ahead."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from dap_stream.core.alone import Alone
from dap_stream.core.array_types import F64, I64, Audio
from dap_stream.core.processor import checked_buffer
from dap_stream.core.processors import Delay
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import db_to_gain, gain_to_db, ms_to_samples
from dap_stream.dsp.limiter_kernels import release
from dap_stream.dsp.true_peak import PeakEnvelope

ATTACK_MS, RELEASE_MS = 5.0, 100.0
_ONE = 2**30  # all of the gain; whole numbers, so that sums over time come back to nothing
# A change of gain within the reach of the filter between samples lets a little through.
MARGIN_DB = 0.05


class _Stream:
    """All that a stream leaves behind."""

    def __init__(self, sample_rate: int, channels: int, half: int, latency: int) -> None:
        self.envelope = PeakEnvelope(sample_rate, channels)
        self.line = Delay(latency, channels)
        self.needs: I64 = np.zeros(2 * half, np.int64)
        self.is_wanted = False  # at the newest sample
        self.held = 0
        self.steps: tuple[I64, I64] = (np.zeros(half - 1, np.int64), np.zeros(half - 1, np.int64))
        self.dtype: np.dtype[np.float32 | np.float64] = np.dtype(np.float32)


class Limiter:
    """A processor that makes all of a sound louder or softer, and holds its true peaks below a ceiling.

    Where no peak is near, each sample is multiplied by the gain and nothing else. The gain that a peak needs
    is held for the look-ahead, comes back exponentially, and is smoothed by two moving averages as long as
    the look-ahead together: so it is reached when the peak comes, without a step. All channels get the same.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    gain_db
        For all samples.
    ceiling_dbtp
        True peak, after the gain, that is not exceeded.

    Raises
    ------
    SettingError
        If rate or channels cannot be.
    """

    def __init__(self, sample_rate: int, channels: int, gain_db: float, ceiling_dbtp: float) -> None:
        stream = StreamFormat(sample_rate, channels)
        self.sample_rate, self.channels = stream.sample_rate, stream.channels
        self._gain = db_to_gain(gain_db)
        self._threshold = db_to_gain(ceiling_dbtp - MARGIN_DB) / self._gain
        self._half = ms_to_samples(ATTACK_MS / 2.0, sample_rate) + 1
        self._decay = float(np.exp(-1000.0 / (RELEASE_MS * sample_rate)))
        # Two averages reach back 2 half - 2; one sample more, since a peak may lie behind its sample.
        self.latency = 2 * self._half - 1 + PeakEnvelope.latency
        self._alone = Alone(type(self).__name__)
        self.n_held, self._most = 0, 0
        self._stream = self._new_stream()

    @property
    def most_db(self) -> float:
        """By how much the highest peak was held back so far."""
        return -gain_to_db(max(_ONE - self._most, 1) / _ONE)

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, ``[channels, n]`` of the same dtype out, `latency` samples late."""
        with self._alone:
            buffer = checked_buffer(buffer, self.channels)
            stream = self._stream
            stream.dtype = buffer.dtype
            late = stream.line.process(buffer).astype(np.float64)
            taken = self._taken(stream.envelope.process(np.asarray(buffer, np.float64), self._threshold))
            if taken is None:
                return np.asarray(late * self._gain, buffer.dtype)
            return np.asarray(late * (self._gain * (1.0 - taken)), buffer.dtype)

    def _taken(self, peaks: F64) -> F64 | None:
        """Part of the gain that is taken away at each sample that comes out; None for nothing at all."""
        stream, half = self._stream, self._half
        need = np.zeros(len(peaks), np.int64)
        is_over = peaks > self._threshold
        share = 1.0 - self._threshold / peaks[is_over]
        need[is_over] = np.ceil(_ONE * share).astype(np.int64)
        reach = 2 * half + 1  # the look-ahead, and a sample more on each side
        needs = np.concatenate((stream.needs, need))
        stream.needs = needs[len(needs) - (reach - 1) :]
        if not (stream.held or needs.any() or stream.steps[0].any() or stream.steps[1].any()):
            stream.is_wanted = False
            return None
        wanted = maximum_filter1d(needs, reach, origin=half)[reach - 1 :]  # each window ends at its sample
        held = np.empty_like(wanted)
        release(wanted, self._decay, stream.held, held)
        self._count(wanted)
        stream.held = int(held[-1]) if len(held) else stream.held
        first, second = stream.steps
        once, first = _moving_sum(held, first)
        twice, second = _moving_sum(once, second)
        stream.steps = first, second
        return np.asarray(twice / (float(_ONE) * half**2))

    def _count(self, wanted: I64) -> None:
        """Add the peaks that begin here; those nearer to each other than the look-ahead are one."""
        is_wanted = np.concatenate(([self._stream.is_wanted], wanted > 0))
        self.n_held += int(np.count_nonzero(is_wanted[1:] & ~is_wanted[:-1]))
        self._most = max(self._most, int(wanted.max(initial=0)))
        self._stream.is_wanted = bool(is_wanted[-1])

    def flush(self) -> Audio:
        """The last `latency` samples ``[channels, latency]``; then as after `reset`."""
        with self._alone:
            tail = self.process(np.zeros((self.channels, self.latency), self._stream.dtype))
            self.reset()
            return tail

    def reset(self) -> None:
        """Forget the stream."""
        with self._alone:
            self._stream = self._new_stream()

    def _new_stream(self) -> _Stream:
        return _Stream(self.sample_rate, self.channels, self._half, self.latency)


def _moving_sum(values: I64, past: I64) -> tuple[I64, I64]:
    """Sum of each value and as many before it as ``past`` has; and the past of the next ones."""
    row = np.concatenate((past, values))
    total = np.concatenate((np.zeros(1, np.int64), np.cumsum(row)))
    n = len(past) + 1
    return total[n:] - total[:-n], row[len(row) - len(past) :]
