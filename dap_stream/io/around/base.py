"""The promise of what puts pieces around samples."""

from __future__ import annotations

from typing import BinaryIO, Protocol


class Writer(Protocol):
    """Puts what it was made with around the samples of a file that libsndfile wrote."""

    def room(self, probe: BinaryIO) -> tuple[int, int]:
        """Bytes before the samples in a file that begins like ``probe``, and in the one that will be made."""
        ...

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        """Complete a file: ``outer`` is what will be there, ``inner`` is as libsndfile sees it."""
        ...
