"""The promise that every processor keeps, and the check of what it is given.

`render` moves buffers from a `Source` through a `Processor` to a `Sink`. All of them speak one
language: float ``[channels, samples]``, lengths in samples.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.finite import finite
from dap_stream.errors import SettingError


class Processor(Protocol):
    """A stream in, a stream out: same count, a constant number of samples late.

    The output of one run is ``latency`` samples of start-up (zeros at unity gain) followed by the
    result, and does not depend on how the input is cut into buffers.
    """

    @property
    def latency(self) -> int:
        """Delay in samples, constant for the life of the object."""

    def process(self, buffer: Audio) -> Audio:
        """Take the next samples and give as many.

        Parameters
        ----------
        buffer
            ``[channels, n]`` for any n, 0 too; stays as it is.

        Returns
        -------
        numpy.ndarray
            A new ``[channels, n]`` of the same dtype, ``latency`` samples late.
        """

    def flush(self) -> Audio:
        """End the stream; then as after `reset`.

        Returns
        -------
        numpy.ndarray
            The last ``latency`` samples ``[channels, latency]``, in the dtype of the stream (float32 if there
            was none).
        """

    def reset(self) -> None:
        """Forget the stream; the parameters stay."""


@runtime_checkable
class Stateful(Protocol):
    """A processor whose settings, and what it has learned, a host can keep."""

    def state(self) -> bytes:
        """Both of now, for `set_state` of another object of the same kind."""

    def set_state(self, state: bytes) -> None:
        """Be as one that was made with them: the stream begins anew."""


def check_channels(buffer: Audio, channels: int) -> None:
    """Refuse a buffer that is not ``[channels, n]``."""
    if buffer.ndim != 2 or buffer.shape[0] != channels:
        raise SettingError(f"buffer of shape {buffer.shape} must be [channels={channels}, samples]")


def checked_buffer(buffer: Audio, channels: int) -> Audio:
    """The buffer, silent where it is no sound; SettingError unless it is ``[channels, n]`` of floats."""
    check_channels(buffer, channels)
    if buffer.dtype not in (np.float32, np.float64):
        raise SettingError(f"buffer of dtype {buffer.dtype} must be float32 or float64")
    return finite(buffer)


def checked_out(out: Audio, buffer: Audio) -> Audio:
    """``out``, if the result for ``buffer`` can be put there; SettingError otherwise."""
    if out.shape != buffer.shape or out.dtype != buffer.dtype or not out.flags.writeable:
        raise SettingError(
            f"out of {out.dtype} {out.shape} must be {buffer.dtype} {buffer.shape} as the buffer, writable"
        )
    return out


def apart(buffer: Audio, out: Audio) -> Audio:
    """``buffer``, or a copy where writing to ``out`` would change what is still to be read."""
    is_same = out.ctypes.data == buffer.ctypes.data and out.strides == buffer.strides
    return buffer.copy() if not is_same and np.may_share_memory(out, buffer) else buffer
