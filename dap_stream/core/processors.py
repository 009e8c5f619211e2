"""The simplest processors: one that changes nothing, one that waits, and several in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import Processor, Stateful, check_channels, checked_out
from dap_stream.core.state_bytes import pack, unpack
from dap_stream.errors import ProfileError, SettingError


class Bypass:
    """A processor that changes nothing and takes no time.

    Parameters
    ----------
    channels
        Number of channels.
    """

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
    """A processor that gives its input ``latency`` samples later, bit for bit.

    The line holds float64, so that float32 and float64 streams both pass unchanged; a call
    allocates its output and nothing else.

    Parameters
    ----------
    latency
        Samples, 0 or more.
    channels
        Number of channels.

    Raises
    ------
    SettingError
        If the latency is negative.
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


def mixed(dry: Audio, wet: Audio, share: float) -> Audio:
    """``share`` of ``wet`` and the rest of ``dry``, both ``[channels, n]``, in the type of ``dry``."""
    return np.asarray(wet if share >= 1.0 else dry + share * (wet - dry), dry.dtype)


class Chain:
    """A processor made of processors, one after the other; their latencies add.

    Parameters
    ----------
    processors
        In their order, at least one; all of the same number of channels.

    Raises
    ------
    SettingError
        If there is none.
    """

    def __init__(self, processors: Sequence[Processor]) -> None:
        if not processors:
            raise SettingError("a Chain needs at least one processor; use Bypass for none")
        self.processors = tuple(processors)
        self.latency = sum(processor.latency for processor in self.processors)
        self._dtype: np.dtype[np.float32 | np.float64] = np.dtype(np.float32)  # of the stream, for flush

    @property
    def attenuation_db(self) -> float | None:
        """By how much those that say so attenuated the last moments, in dB; None if none does."""
        meters = [getattr(processor, "attenuation_db", None) for processor in self.processors]
        known = [value for value in meters if value is not None]
        return sum(known) if known else None

    def process(self, buffer: Audio, out: Audio | None = None) -> Audio:
        """Through all processors in order.

        Parameters
        ----------
        buffer
            ``[channels, n]``.
        out
            Gets the result by a copy, and is returned: of the shape and dtype of ``buffer``, which it may be
            itself. By default a new array.

        Returns
        -------
        numpy.ndarray
            ``[channels, n]``.
        """
        self._dtype = buffer.dtype
        target = None if out is None else checked_out(out, buffer)
        for processor in self.processors:
            buffer = processor.process(buffer)
        if target is None:
            return buffer
        np.copyto(target, buffer)
        return target

    def state(self) -> bytes:
        """State of each processor that has one, for `set_state` of a chain of the same processors.

        Returns
        -------
        bytes
            To be kept as it is.
        """
        states = [each.state() if isinstance(each, Stateful) else b"" for each in self.processors]
        return pack("Chain", {"processors": [type(each).__name__ for each in self.processors]}, states)

    def set_state(self, state: bytes) -> None:
        """Be as a chain that was made with this state: the stream begins anew.

        Parameters
        ----------
        state
            Bytes from `state`, of a chain of the same processors.

        Raises
        ------
        ProfileError, SettingError
            For anything else; the settings are as before then, and the stream begins anew.
        """
        facts, states = unpack(state, "Chain")
        names = [type(each).__name__ for each in self.processors]
        if facts.get("processors") != names or len(states) != len(names):
            raise ProfileError(f"the state is of another chain than {', '.join(names)}; make the same one")
        before = self.state()
        try:
            self._set_states(states)
        except BaseException:
            self._set_states(unpack(before, "Chain")[1])
            raise

    def _set_states(self, states: Sequence[bytes]) -> None:
        for processor, state in zip(self.processors, states, strict=True):
            if isinstance(processor, Stateful):
                processor.set_state(state)
            else:
                processor.reset()

    def flush(self) -> Audio:
        """The last ``latency`` samples: the tail of each processor still has to pass the later ones."""
        tail = self.processors[0].flush().astype(self._dtype, copy=False)
        for processor in self.processors[1:]:
            late = processor.process(tail)
            tail = np.concatenate((late, processor.flush()), axis=1)
        return tail

    def reset(self) -> None:
        """Reset all processors."""
        for processor in self.processors:
            processor.reset()
