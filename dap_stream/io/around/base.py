"""The promise of what puts pieces around samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import BinaryIO, Protocol


def put_front(front: bytes, start: int, inner: BinaryIO, outer: BinaryIO) -> None:
    """Write what stands before the samples, which begin at ``start`` of ``inner``."""
    place = start + outer.seek(0, 2) - inner.seek(0, 2)
    if len(front) != place:
        raise OSError(f"{len(front)} bytes do not fill the {place} that were left free; please report this")
    outer.seek(0)
    outer.write(front)


class Writer(Protocol):
    """Puts what it was made with around the samples of a file that libsndfile wrote."""

    def room(self, probe: BinaryIO) -> tuple[int, int]:
        """Bytes before the samples in a file that begins like ``probe``, and in the one that will be made."""
        ...

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        """Complete a file: ``outer`` is what will be there, ``inner`` is as libsndfile sees it."""
        ...


class HeadWriter(ABC):
    """A `Writer` for files of which all pieces stand before the samples."""

    @abstractmethod
    def head(self, file: BinaryIO) -> tuple[bytes, int]:
        """All before the samples of a file that begins like this one, and how long libsndfile made it."""

    def room(self, probe: BinaryIO) -> tuple[int, int]:
        """See `Writer`."""
        head, start = self.head(probe)
        return start, len(head)

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        """See `Writer`."""
        head, start = self.head(inner)
        put_front(head, start, inner, outer)
