"""Where samples come from and go to: the promises of sources and sinks."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

import numpy as np

from dap_stream.core.array_types import Audio


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
        """Give the next samples.

        Parameters
        ----------
        n_samples
            The most to give.

        Returns
        -------
        numpy.ndarray
            ``[channels, n]`` with ``1 <= n <= n_samples``; ``[channels, 0]`` at the end.
        """

    def __enter__(self) -> Source: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def read_up_to(source: Source, n_samples: int) -> Audio:
    """The next ``n_samples`` ``[channels, n]``, or what there is: a source may give less at a time."""
    parts = []
    while n_samples > 0 and (part := source.read(n_samples)).shape[1]:
        parts.append(part)
        n_samples -= part.shape[1]
    return np.concatenate(parts, axis=1) if parts else np.zeros((source.channels, 0), np.float32)


class Sink(Protocol):
    """Where samples go. Used in a ``with`` block; leaving it without `commit` undoes what can be undone."""

    @property
    def clipped(self) -> int:
        """How many samples were beyond full scale and were cut to it, so far."""

    def write(self, audio: Audio) -> Audio:
        """Take the next samples.

        Parameters
        ----------
        audio
            ``[channels, n]`` for any n.

        Returns
        -------
        numpy.ndarray
            Of the same shape: the values that are really stored, rounded and clipped.
        """

    def finish(self) -> None:
        """Store and check everything; all that can fail fails here. No `write` afterwards."""

    def commit(self) -> None:
        """Make the result visible, after `finish` (called here if it was not yet)."""

    def __enter__(self) -> Sink: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SeekableSource(Source, Protocol):
    """A source of known length that can be read from anywhere."""

    def seek(self, sample: int) -> None:
        """The next read starts at ``sample``."""
