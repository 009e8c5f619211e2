"""Metadata around the samples of a file, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

# What may be kept in memory of one file. Pictures and scripts of some MB are met, more is not.
MAX_BYTES = 64 * 2**20
MAX_CHUNKS = 10_000


class Chunk(NamedTuple):
    """A piece of a file that has a name: a chunk of RIFF, a block of FLAC, a tag."""

    name: bytes
    body: bytes


@dataclass(frozen=True)
class Surroundings:
    """All pieces of a file but the samples, in their order.

    Parameters
    ----------
    kind
        RIFF, RIFX, W64, AIFF, CAF, FLAC, OGG, MP3, AU, or nothing for files that are not understood.
    before, behind
        The samples. The piece that describes their format is among them, to say where it stands.
    magic
        First four bytes of the file.
    left_out
        Remarks on pieces that are broken or too large.
    """

    kind: str = ""
    before: tuple[Chunk, ...] = ()
    behind: tuple[Chunk, ...] = ()
    magic: bytes = b""
    left_out: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Chunk, ...]:
        """Before and behind."""
        return self.before + self.behind

    def first(self, *names: bytes) -> bytes | None:
        """Body of the first piece of one of these names."""
        return next((chunk.body for chunk in self.all if chunk.name in names), None)


class Collector:
    """Reads pieces of a file of ``size`` bytes, no more than is reasonable, and says what it leaves out."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size
        self._n_bytes = self._n_chunks = 0
        self.left_out: list[str] = []

    @property
    def is_full(self) -> bool:
        """No more pieces are taken."""
        return self._n_chunks >= MAX_CHUNKS

    def take(self, name: bytes, start: int, n_bytes: int) -> Chunk | None:
        """The piece whose body stands there; None if it is left out."""
        if self.is_full:
            return None
        self._n_chunks += 1
        if self.is_full:
            self.left_out.append(f"more than {MAX_CHUNKS} chunks: all behind them")
            return None
        if n_bytes < 0 or start + n_bytes > self._size:
            there = max(0, self._size - start)
            self.left_out.append(
                f"chunk {text_of(name)} of {max(0, n_bytes)} bytes, of which {there} are there"
            )
            return None
        if self._n_bytes + n_bytes > MAX_BYTES:
            self.left_out.append(f"chunk {text_of(name)} of {n_bytes / 1e6:.1f} MB, which is too large")
            return None
        self._n_bytes += n_bytes
        self._file.seek(start)
        return Chunk(name, self._file.read(n_bytes))


def text_of(name: bytes) -> str:
    """A name for a message."""
    text = name.decode("latin-1").strip(" \0")
    return text if text.isascii() and text.isprintable() and text else name.hex()
