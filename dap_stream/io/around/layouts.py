"""Files that are a row of chunks: how each kind writes the head of a chunk, and how it is walked through."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dap_stream.io.around.surroundings import Chunk
from dap_stream.io.container_headers import MOST_CHUNKS

# Wave64 has names of 16 bytes. Most of them are a name of RIFF, and one of two ends.
_GUID_END = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_LIST_END = bytes.fromhex("2e91cf11a5d628db04c10000")
_W64_HEAD = 40


@dataclass(frozen=True)
class Layout:
    """Layout of a kind of file.

    Parameters
    ----------
    head
        Name and size.
    first
        Where the first chunk stands.
    pad
        Chunks begin at multiples of this.
    audio, form
        Names of the chunks of the samples and of their format.
    """

    head: str
    first: int
    pad: int
    audio: bytes
    form: bytes

    @property
    def n_head(self) -> int:
        """Bytes of the head of a chunk."""
        return struct.calcsize(self.head)

    @property
    def order(self) -> str:
        """Byte order, as `struct` has it."""
        return self.head[0]

    def walk(self, file: BinaryIO, position: int) -> Iterator[tuple[bytes, int, int]]:
        """Name, offset and size of the body of each chunk from there on; a size may be nonsense."""
        end = file.seek(0, 2)
        for _ in range(MOST_CHUNKS):
            if position + self.n_head > end:
                return
            file.seek(position)
            name, size = struct.unpack(self.head, file.read(self.n_head))
            size -= self._counted
            yield short_name(name), position + self.n_head, size
            if size < 0:
                return
            position += self.n_head + size
            position += -position % self.pad

    def pack(self, chunk: Chunk) -> bytes:
        """The chunk as it stands in a file, to the begin of the next one."""
        name = long_name(chunk.name) if self.pad == 8 else chunk.name
        data = struct.pack(self.head, name, len(chunk.body) + self._counted) + chunk.body
        return data + bytes(-len(data) % self.pad)

    def can_hold(self, chunk: Chunk) -> bool:
        """Whether the name fits."""
        return len(chunk.name) == 4 or self.pad == 8

    @property
    def _counted(self) -> int:
        return self.n_head if self.pad == 8 else 0


LAYOUTS = {
    "RIFF": Layout("<4sI", 12, 2, b"data", b"fmt "),
    "RIFX": Layout(">4sI", 12, 2, b"data", b"fmt "),
    "W64": Layout("<16sQ", _W64_HEAD, 8, b"data", b"fmt "),
    "AIFF": Layout(">4sI", 12, 2, b"SSND", b"COMM"),
    "CAF": Layout(">4sQ", 8, 1, b"data", b"desc"),
}
KIND_OF_MAGIC = {
    b"RIFF": "RIFF", b"RF64": "RIFF", b"BW64": "RIFF", b"RIFX": "RIFX", b"riff": "W64", b"FORM": "AIFF",
    b"caff": "CAF", b"fLaC": "FLAC", b"OggS": "OGG",
    b".snd": "AU", b"dns.": "AU",
}  # fmt: skip


def short_name(name: bytes) -> bytes:
    """The name of RIFF that a long one of Wave64 stands for, where it does."""
    if len(name) == 4:
        return name
    if name == b"list" + _LIST_END:
        return b"LIST"
    return name[:4] if name[4:] == _GUID_END else name


def long_name(name: bytes) -> bytes:
    """The name that Wave64 has for it."""
    if name == b"LIST":
        return b"list" + _LIST_END
    return name if len(name) == 16 else name + _GUID_END
