"""A file whose begin is kept in memory while libsndfile writes it, so that another can take its place."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, cast


class ShiftedFile(io.RawIOBase):
    """An existing file, to be read and written as if it began with other bytes.

    The first ``n_inner`` bytes of what is seen here are in memory. The one behind them is the byte
    ``n_outer`` of the file, whose own begin is left to others. libsndfile cannot hand on what goes wrong in a
    file that is not its own: a write that fails is one of fewer bytes, and `error` keeps the reason.
    """

    def __init__(self, path: Path, n_inner: int, n_outer: int) -> None:
        self._file = io.FileIO(path, "r+b")
        self._shift = n_outer - n_inner
        self._n_inner = n_inner
        self._head = bytearray()
        self._position = 0
        self.error: OSError | None = None
        if self._file.seek(0, io.SEEK_END) < n_outer:
            self._file.truncate(n_outer)

    def as_binary(self) -> BinaryIO:
        """Itself, for those who ask for a file of bytes by that name."""
        return cast(BinaryIO, self)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size()}[whence]
        self._position = origin + position
        return self._position

    def _size(self) -> int:
        if len(self._head) < self._n_inner:
            return len(self._head)
        return self._file.seek(0, io.SEEK_END) - self._shift

    def truncate(self, size: int | None = None, /) -> int:
        size = self._position if size is None else size
        self._file.truncate(size + self._shift)
        return size

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        head = self._head[self._position : self._position + len(view)]
        view[: len(head)] = head
        n_read = len(head)
        self._position += n_read
        if n_read < len(view) and self._position >= self._n_inner:
            self._file.seek(self._position + self._shift)
            n_more = self._file.readinto(view[n_read:]) or 0
            self._position += n_more
            n_read += n_more
        return n_read

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        n_written = min(len(view), max(0, self._n_inner - self._position))
        if n_written:
            n_free = self._position - len(self._head)
            self._head += bytes(max(0, n_free))
            self._head[self._position : self._position + n_written] = view[:n_written]
        try:
            if n_written < len(view):
                self._file.seek(self._position + n_written + self._shift)
            while n_written < len(view):
                n_written += self._file.write(view[n_written:]) or 0
        except OSError as error:
            self.error = error
        self._position += n_written
        return n_written
