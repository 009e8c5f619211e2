"""Where the audio stands in a file, and where its length is written."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dap_stream.io.container_headers import chunks, is_unknown_size, w64_chunks


class Span(NamedTuple):
    """Bytes of audio as a header has them."""

    container: str  # RIFF, RF64, AIFF, AU, CAF or W64
    start: int
    promised: int | None  # None: until the end of the file
    size_at: int  # where the size is written, with which layout
    size_layout: str
    n_before: int = 0  # bytes that the size counts besides the audio

    def size_of(self, n_bytes: int) -> bytes:
        """Bytes for `size_at`, for so many bytes of audio."""
        return struct.pack(self.size_layout, n_bytes + self.n_before)


def find_audio(path: Path) -> Span | None:
    """The audio of WAV, RF64, BW64, RIFX, W64, AIFF, AU and CAF; None for all others, and without audio."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic in (b"RIFF", b"RIFX"):
            return _riff(file, ">" if magic == b"RIFX" else "<")
        if magic in (b"RF64", b"BW64"):
            return _rf64(file)
        if magic == b"FORM":
            return _aiff(file)
        if magic in (b".snd", b"dns."):
            return _au(file, ">" if magic == b".snd" else "<")
        if magic == b"caff":
            return _caf(file)
        if magic == b"riff":
            return _w64(file)
    return None


def _riff(file: BinaryIO, order: str) -> Span | None:
    file.seek(4)
    riff_end = int.from_bytes(file.read(4), "big" if order == ">" else "little") + 8
    for name, start, size in chunks(file, 12, f"{order}4sI"):
        if name == b"data":
            # An empty file with chunks after the audio counts them in its RIFF size.
            is_empty = size == 0 and riff_end > start and not is_unknown_size(riff_end - 8)
            return Span("RIFF", start, 0 if is_empty else _known(size), start - 4, f"{order}I")
    return None


def _rf64(file: BinaryIO) -> Span | None:
    long_size_at = 0
    long_size = 0
    for name, start, size in chunks(file, 12, "<4sI"):
        if name == b"ds64":
            long_size_at = start + 8
            file.seek(long_size_at)
            long_size = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0]
        elif name == b"data":
            if size != 0xFFFFFFFF:
                return Span("RF64", start, _known(size), start - 4, "<I")
            return Span("RF64", start, _known(long_size, 8), long_size_at, "<Q")
    return None


def _aiff(file: BinaryIO) -> Span | None:
    for name, start, size in chunks(file, 12, ">4sI"):
        if name == b"SSND":
            file.seek(start)
            offset = int.from_bytes(file.read(4), "big")
            promised = None if is_unknown_size(size) else max(0, size - 8 - offset)
            return Span("AIFF", start + 8 + offset, promised, start - 4, ">I", 8 + offset)
    return None


def _au(file: BinaryIO, order: str) -> Span | None:
    file.seek(4)
    head = file.read(8)
    if len(head) < 8:
        return None
    start, size = struct.unpack(f"{order}II", head)
    return Span("AU", start, _known(size), 8, f"{order}I")


def _caf(file: BinaryIO) -> Span | None:
    for name, start, size in chunks(file, 8, ">4sQ", pad=1):
        if name == b"data":
            promised = None if size < 4 or size >= 2**63 else size - 4
            return Span("CAF", start + 4, promised, start - 8, ">Q", 4)
        if size >= 2**63:
            return None  # only of the audio the length may be open
    return None


def _w64(file: BinaryIO) -> Span | None:
    for name, start, size in w64_chunks(file):
        if name == b"data":
            promised = None if size < 0 else _known(size, 8)
            return Span("W64", start, promised, start - 8, "<Q", 24)
    return None


def _known(size: int, n_bytes: int = 4) -> int | None:
    """None for the sizes that mean *until the end*."""
    is_open = is_unknown_size(size) if n_bytes == 4 else size == 0 or size >= 2**62
    return None if is_open else size
