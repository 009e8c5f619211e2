"""A file that begins later than it does, so that libsndfile leaves room in front of what it writes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any


class ShiftedFile(io.FileIO):
    """An existing file without its first ``n_bytes``, for reading and writing.

    libsndfile cannot hand on what goes wrong in a file that is not its own: a write that fails is one of
    0 bytes, and `error` keeps the reason.
    """

    def __init__(self, path: Path, n_bytes: int) -> None:
        super().__init__(path, "r+b")
        self._n_bytes = n_bytes
        self.error: OSError | None = None
        if super().seek(0, io.SEEK_END) < n_bytes:
            super().truncate(n_bytes)
        self.seek(0)

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        return (
            super().seek(position + (self._n_bytes if whence == io.SEEK_SET else 0), whence) - self._n_bytes
        )

    def tell(self) -> int:
        return super().tell() - self._n_bytes

    def truncate(self, size: int | None = None, /) -> int:
        return super().truncate((self.tell() if size is None else size) + self._n_bytes) - self._n_bytes

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        n_written = 0
        try:
            while n_written < len(view):
                n_written += super().write(view[n_written:]) or 0
        except OSError as error:
            self.error = error
        return n_written
