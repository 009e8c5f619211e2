"""Audio memory between two threads: one writes, one reads, nobody waits, nothing is allocated.

Samples have absolute positions, counted from the start of the stream; position x lies in column
``x % capacity``, with the capacity a power of two. The writer never stops for the reader: what lies
more than a capacity back is overwritten, and a reader that comes too late is told so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F32, I64
from dap_stream.errors import SettingError
from dap_stream.realtime.memory_order import acquire, fence, release

# int64 marks of a ring, all positions; the writer is the only one that stores them.
CLAIMED = 0  # everything before this may be overwritten in part: raised before samples are
WRITTEN = 1  # everything before this can be read: raised after samples are written
START = 2  # nothing before this is to be used (a gap in what was written)
N_MARKS = 3

_jit = jit.kernel()


@_jit
def claim(marks: I64, position: int) -> None:
    """Say that samples before ``position`` are about to be written."""
    release(marks, CLAIMED, position)
    fence()  # the samples come after it


@_jit
def write(samples: F32, marks: I64, audio: F32) -> None:
    """Append ``audio [channels, n]`` to ``samples [channels, capacity]``, n at most the capacity."""
    begin, n = marks[WRITTEN], audio.shape[1]
    column = begin & (samples.shape[1] - 1)
    n_first = min(n, samples.shape[1] - column)
    claim(marks, begin + n)
    for c in range(samples.shape[0]):
        for i in range(n_first):
            samples[c, column + i] = audio[c, i]
        for i in range(n_first, n):
            samples[c, i - n_first] = audio[c, i]
    release(marks, WRITTEN, begin + n)


@_jit
def read(samples: F32, marks: I64, position: int, out: F32) -> int:
    """Copy what there is from ``position`` on to ``out [channels, n_max]``; how much, or -1: overwritten."""
    n = int(min(out.shape[1], acquire(marks, WRITTEN) - position))
    if n <= 0:
        return 0
    column = position & (samples.shape[1] - 1)
    n_first = min(n, samples.shape[1] - column)
    for c in range(samples.shape[0]):
        for i in range(n_first):
            out[c, i] = samples[c, column + i]
        for i in range(n_first, n):
            out[c, i] = samples[c, i - n_first]
    fence()  # the copy comes before it: only now is it known whether it was whole
    if acquire(marks, CLAIMED) - samples.shape[1] > position:
        return -1
    return n


@_jit
def skip(marks: I64, n: int, n_unusable: int) -> None:
    """Move the end by ``n`` samples that nobody wrote; the ``n_unusable`` after them are not used either."""
    end = marks[WRITTEN] + n
    release(marks, START, end + n_unusable)  # who sees the new end has to see this too
    release(marks, CLAIMED, end)
    release(marks, WRITTEN, end)


@_jit
def end_of(marks: I64) -> Any:  # int
    """Position after the last sample that can be read."""
    return acquire(marks, WRITTEN)


class RingBuffer:
    """``samples [channels, capacity]`` float32 and int64 ``marks``; their addresses never change.

    ``capacity``: samples that have to fit, raised to a power of two. One thread calls `write` and `skip`,
    another one `read`.
    """

    def __init__(self, channels: int, capacity: int) -> None:
        if channels < 1:
            raise SettingError(f"channels={channels} must be 1 or more")
        if capacity < 1:
            raise SettingError(f"capacity={capacity} samples must be 1 or more")
        self.samples: F32 = np.zeros((channels, 1 << (capacity - 1).bit_length()), np.float32)
        self.marks: I64 = np.zeros(N_MARKS, np.int64)

    @property
    def capacity(self) -> int:
        """Samples of each channel that fit."""
        return int(self.samples.shape[1])

    @property
    def end(self) -> int:
        """Position after the newest sample."""
        return int(end_of(self.marks))

    def write(self, audio: F32) -> None:
        """Append ``[channels, n]``, n at most the capacity."""
        if audio.shape[0] != self.samples.shape[0] or audio.shape[1] > self.capacity:
            raise SettingError(f"audio of shape {audio.shape} does not fit a ring of {self.samples.shape}")
        write(self.samples, self.marks, audio)

    def read(self, position: int, n_max: int) -> F32 | None:
        """Samples from ``position`` on: a new ``[channels, n]``, n up to ``n_max``; None: overwritten."""
        n = max(0, min(n_max, self.end - position))
        out = np.empty((self.samples.shape[0], n), np.float32)
        return None if read(self.samples, self.marks, position, out) < 0 else out

    def skip(self, n: int, n_unusable: int = 0) -> None:
        """Leave ``n`` samples out and call the next ``n_unusable`` ones not worth using (mark START)."""
        skip(self.marks, n, n_unusable)

    def reset(self) -> None:
        """Silence from position 0 on. Nobody may read or write meanwhile."""
        self.samples[:] = 0.0
        self.marks[:] = 0
