"""Sizes in the headers of audio files, read and patched with the standard library.

libsndfile shortens a file that ends before its header says so, without a word. Here the promise
of the header is compared with the file.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from dap_stream.io.mp3_headers import xing_stream

# Sizes that programs write when they cannot go back and fill in the right one (pipes).
_UNKNOWN_SIZES = (0x7F000000, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF)
Span: TypeAlias = tuple[int, int]  # where the audio starts in the file, and how long it should be
_MAX_OGG_PAGE = 27 + 255 + 255 * 255


class Extent(NamedTuple):
    """Bytes of audio that a header promises, and how many of them are in the file."""

    promised: int
    present: int
    is_last_page: bool = False  # only the last page of Ogg is meant

    @property
    def is_short(self) -> bool:
        return self.present < self.promised


def is_unknown_size(size: int) -> bool:
    """Whether a 32-bit size means *until the end*, as writers to a pipe put it there.

    They round down to a whole number of samples or add a header, so values close by count too.
    """
    return size == 0 or any(-1024 <= size - unknown <= 128 for unknown in _UNKNOWN_SIZES)


def audio_extent(path: Path) -> Extent | None:
    """Length that the header promises, and that of what is there; None if the header does not say.

    Knows WAV, RF64, W64, AIFF, AU, CAF, Ogg (the last page) and MP3 with a Xing header. FLAC needs
    no help: its decoder notices.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(12)
        file.seek(0)
        if magic[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
            span = _riff_data(file, magic[:4])
        elif magic[:4] == b"FORM":
            span = _find(b"SSND", _chunks(file, 12, ">4sI"))
        elif magic[:4] in (b".snd", b"dns."):
            span = _au_data(magic)
        elif magic[:4] == b"caff":
            span = _find(b"data", _chunks(file, 8, ">4sQ", pad=1))
        elif magic[:4] == b"riff":
            span = _w64_data(file)
        elif magic[:4] == b"OggS":
            span = _last_ogg_page(file, size)
        else:
            span = xing_stream(file)
    if span is None:
        return None
    start, promised = span
    if is_unknown_size(promised) or promised >= 2**63:
        return None
    return Extent(promised, min(promised, max(0, size - start)), magic[:4] == b"OggS")


def _chunks(file: BinaryIO, start: int, head: str, pad: int = 2) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset of the body, size of the body) of each chunk from ``start`` on."""
    position, n_head = start, struct.calcsize(head)
    while True:
        file.seek(position)
        raw = file.read(n_head)
        if len(raw) < n_head:
            return
        name, size = struct.unpack(head, raw)
        yield name, position + n_head, size
        position += n_head + size + (-size) % pad


def _find(wanted: bytes, chunks: Iterator[tuple[bytes, int, int]]) -> Span | None:
    return next(((start, size) for name, start, size in chunks if name == wanted), None)


def _au_data(head: bytes) -> Span | None:
    if len(head) < 12:
        return None
    start, size = struct.unpack(">II" if head[:1] == b"." else "<II", head[4:12])
    return start, size


def _riff_data(file: BinaryIO, magic: bytes) -> Span | None:
    long_size = None
    for name, start, size in _chunks(file, 12, ">4sI" if magic == b"RIFX" else "<4sI"):
        if name == b"ds64":
            file.seek(start + 8)
            long_size = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))[0]
        elif name == b"data":
            return start, long_size if size == 0xFFFFFFFF and long_size else size
    return None


def _w64_data(file: BinaryIO) -> Span | None:
    """Sony Wave64: 16-byte names, 64-bit sizes that count their own 24-byte header, padded to 8."""
    position = 40
    while True:
        file.seek(position)
        raw = file.read(24)
        if len(raw) < 24:
            return None
        size = struct.unpack("<Q", raw[16:])[0]
        if raw[:4] == b"data":
            return position + 24, max(0, size - 24)
        if size < 24:
            return None
        position += size + (-size) % 8


def _last_ogg_page(file: BinaryIO, size: int) -> Span | None:
    """Start and length of the last page; a stream cut at a page boundary counts as complete."""
    start = max(0, size - _MAX_OGG_PAGE)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return None
    n_segments = tail[at + 26] if len(tail) > at + 26 else 0
    lacing = tail[at + 27 : at + 27 + n_segments]
    return start + at, 27 + n_segments + sum(lacing)


class _Overlay(io.FileIO):
    """A file of which a few bytes read differently."""

    def __init__(self, path: Path, position: int, patch: bytes) -> None:
        super().__init__(path, "rb")
        self._patch_at, self._patch = position, patch

    def readinto(self, buffer: Any, /) -> int | None:
        begin = self.tell()
        n_read = super().readinto(buffer)
        for place, byte in enumerate(self._patch, self._patch_at - begin):
            if 0 <= place < (n_read or 0):
                memoryview(buffer).cast("B")[place] = byte
        return n_read


def open_repaired(path: Path) -> BinaryIO | None:
    """A WAV file whose writer never came back to fill in the sizes, with a size; None for any other file.

    libsndfile takes such a file (power cut, killed recorder) as empty, although all of it is there.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if head[:4] != b"RIFF" or len(head) < 8:
            return None
        start, n_bytes = _riff_data(file, head[:4]) or (size, 0)
        riff_end = struct.unpack("<I", head[4:])[0] + 8
    # An empty file with chunks after the audio counts them in its RIFF size.
    if n_bytes or start >= size or (riff_end > start and not is_unknown_size(riff_end - 8)):
        return None
    return _Overlay(path, start - 4, struct.pack("<I", min(size - start, 0xFFFFFFFF)))


def rf64_to_wav(path: Path) -> bool:
    """Turn an RF64 file as libsndfile writes it into plain WAV, in place, if it is below 4 GiB."""
    size = path.stat().st_size
    if size - 8 > 0xFFFFFFFF:
        return False
    with path.open("r+b") as file:
        chunks = {name: (start, n) for name, start, n in _chunks(file, 12, "<4sI")}
        if next(iter(chunks), b"") != b"ds64" or not {b"fmt ", b"data"} <= chunks.keys():
            return False
        file.seek(chunks[b"ds64"][0] + 8)
        n_bytes = struct.unpack("<Q", file.read(8))[0]
        file.seek(chunks[b"fmt "][0])
        fmt = file.read(chunks[b"fmt "][1])
        if fmt[:2] == b"\xfe\xff":
            fmt = fmt[24:26] + fmt[2:16]  # the plain form of the extensible one, which not every reader knows
        # The head keeps its length, so that the samples stay where they are; readers skip JUNK.
        head = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
        n_junk = chunks[b"data"][0] - 8 - len(head) - 8
        head += b"JUNK" + struct.pack("<I", n_junk) + bytes(n_junk) + b"data" + struct.pack("<I", n_bytes)
        file.seek(0)
        file.write(head)
    return True
