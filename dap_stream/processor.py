"""What the parts of a run promise each other, and the three simplest processors.

A run moves buffers from a `Source` through a `Processor` to a `Sink`. All of them speak one
language: float ``[channels, samples]``, lengths in samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from dap_stream.errors import SettingError

Audio: TypeAlias = npt.NDArray[np.float32 | np.float64]
"""Samples ``[channels, samples]``, full scale 1.0."""


class Processor(Protocol):
    """A stream in, a stream out: same count, a constant number of samples late.

    The output of one run is ``latency`` samples of start-up (zeros at unity gain) followed by the
    result, and does not depend on how the input is cut into buffers.
    """

    @property
    def latency(self) -> int:
        """Delay in samples, constant for the life of the object."""

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, a new ``[channels, n]`` of the same dtype out, for any n."""

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""

    def reset(self) -> None:
        """Forget the stream; the parameters stay."""


class Source(Protocol):
    """Where samples come from. Used in a ``with`` block, which closes it."""

    @property
    def sample_rate(self) -> int:
        """Hz."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def n_samples(self) -> int | None:
        """Length in samples; None as long as it is not known (a pipe)."""

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, n]`` with ``1 <= n <= n_samples``; ``[channels, 0]`` at the end."""

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Sink(Protocol):
    """Where samples go. Used in a ``with`` block; leaving it without `commit` undoes what can be undone."""

    @property
    def clipped(self) -> int:
        """How many samples were beyond full scale and were cut to it, so far."""

    def write(self, audio: Audio) -> Audio:
        """Take ``[channels, n]`` and return the values that are really stored, rounded and clipped."""

    def finish(self) -> None:
        """Store and check everything; all that can fail fails here. No `write` afterwards."""

    def commit(self) -> None:
        """Make the result visible, after `finish` (called here if it was not yet)."""

    def __enter__(self) -> Sink: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Bypass:
    """The processor that changes nothing and takes no time."""

    def __init__(self, channels: int = 1) -> None:
        self.latency = 0
        self._channels = channels

    def process(self, buffer: Audio) -> Audio:
        """A copy of ``[channels, n]``."""
        check_channels(buffer, self._channels)
        return buffer.copy()

    def flush(self) -> Audio:
        """Nothing: ``[channels, 0]``."""
        return np.zeros((self._channels, 0), dtype=np.float32)

    def reset(self) -> None:
        """Nothing to forget."""


@dataclass
class _DelayState:
    line: npt.NDArray[np.float64]  # [channels, latency], a ring
    position: int  # column of the oldest sample
    dtype: np.dtype[np.float32 | np.float64]  # of the stream, for flush


class Delay:
    """The input, ``latency`` samples later, bit for bit.

    The line holds float64, so that float32 and float64 streams both pass unchanged; a call
    allocates its output and nothing else.
    """

    def __init__(self, latency: int, channels: int = 1) -> None:
        if latency < 0:
            raise SettingError(f"latency={latency} samples must be 0 or more")
        self.latency = latency
        self._channels = channels
        self._state = self._new_state()

    def _new_state(self) -> _DelayState:
        return _DelayState(np.zeros((self._channels, self.latency)), 0, np.dtype(np.float32))

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, ``[channels, n]`` out, for any n."""
        check_channels(buffer, self._channels)
        state = self._state
        state.dtype = buffer.dtype
        out = np.empty_like(buffer, order="C")
        n = buffer.shape[1]
        n_early = min(n, self.latency)  # samples of the output that come out of the line
        self._read(state, out[:, :n_early])
        out[:, n_early:] = buffer[:, : n - n_early]
        self._write(state, buffer[:, n - n_early :])
        return out

    def _read(self, state: _DelayState, out: Audio) -> None:
        """Copy the oldest samples to ``out``."""
        n_first = min(out.shape[1], self.latency - state.position)
        out[:, :n_first] = state.line[:, state.position : state.position + n_first]
        out[:, n_first:] = state.line[:, : out.shape[1] - n_first]

    def _write(self, state: _DelayState, newest: Audio) -> None:
        """Put ``newest`` in the place of as many of the oldest samples."""
        if self.latency == 0:
            return
        n_first = min(newest.shape[1], self.latency - state.position)
        state.line[:, state.position : state.position + n_first] = newest[:, :n_first]
        state.line[:, : newest.shape[1] - n_first] = newest[:, n_first:]
        state.position = (state.position + newest.shape[1]) % self.latency

    def flush(self) -> Audio:
        """The last ``latency`` samples, then reset."""
        tail = self.process(np.zeros((self._channels, self.latency), dtype=self._state.dtype))
        self.reset()
        return tail

    def reset(self) -> None:
        """Fill the line with zeros."""
        self._state = self._new_state()


class Chain:
    """Processors one after the other; their latencies add."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        if not processors:
            raise SettingError("a Chain needs at least one processor; use Bypass for none")
        self._processors = tuple(processors)
        self.latency = sum(processor.latency for processor in self._processors)

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` through all processors in order."""
        for processor in self._processors:
            buffer = processor.process(buffer)
        return buffer

    def flush(self) -> Audio:
        """The last ``latency`` samples: the tail of each processor still has to pass the later ones."""
        tail = self._processors[0].flush()
        for processor in self._processors[1:]:
            late = processor.process(tail)
            tail = np.concatenate((late, processor.flush()), axis=1)
        return tail

    def reset(self) -> None:
        """Reset all processors."""
        for processor in self._processors:
            processor.reset()


def check_channels(buffer: Audio, channels: int) -> None:
    """Refuse a buffer that is not ``[channels, n]``."""
    if buffer.ndim != 2 or buffer.shape[0] != channels:
        raise SettingError(f"buffer of shape {buffer.shape} must be [channels={channels}, samples]")


def checked_buffer(buffer: Audio, channels: int) -> Audio:
    """The buffer, silent where it is not finite; SettingError unless it is ``[channels, n]`` of floats."""
    check_channels(buffer, channels)
    if buffer.dtype not in (np.float32, np.float64):
        raise SettingError(f"buffer of dtype {buffer.dtype} must be float32 or float64")
    if np.isfinite(buffer).all():
        return buffer
    return np.nan_to_num(buffer, nan=0.0, posinf=0.0, neginf=0.0)
