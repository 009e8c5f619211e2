"""The promise of what puts pieces around samples."""

from __future__ import annotations

from typing import BinaryIO, Protocol


class Writer(Protocol):
    """Puts what it was made with around the samples of a file that libsndfile wrote."""

    def room(self, probe: BinaryIO) -> int:
        """Bytes to leave free in front of a file that begins like ``probe``."""
        ...

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        """Complete a file. ``outer`` is all of it, ``inner`` begins behind the free bytes."""
        ...
