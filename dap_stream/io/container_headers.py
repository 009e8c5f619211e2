"""Chunks of audio files: walked through, and turned from RF64 to WAV."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

# Sizes that programs write when they cannot go back and fill in the right one (pipes).
_UNKNOWN_SIZES = (0x7F000000, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF)

MOST_CHUNKS = 100_000  # a file that has more of them is no recording


def is_unknown_size(size: int) -> bool:
    """Whether a 32-bit size means *until the end*, as writers to a pipe put it there.

    They round down to a whole number of samples or add a header, so values close by count too.
    """
    return size == 0 or any(-1024 <= size - unknown <= 128 for unknown in _UNKNOWN_SIZES)


def chunks(file: BinaryIO, start: int, head: str, pad: int = 2) -> Iterator[tuple[bytes, int, int]]:
    """(name, offset of the body, size of the body) of each chunk from ``start`` on."""
    position, n_head, end = start, struct.calcsize(head), file.seek(0, 2)
    for _ in range(MOST_CHUNKS):
        if position >= end:
            return
        file.seek(position)
        raw = file.read(n_head)
        if len(raw) < n_head:
            return
        name, size = struct.unpack(head, raw)
        yield name, position + n_head, size
        position += n_head + size + (-size) % pad


def w64_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """The same for Sony Wave64: names of 16 bytes, and sizes that count their own 24-byte head, padded to 8.

    The size of the body is below zero where the one in the file makes no sense, and the last then.
    """
    position, end = 40, file.seek(0, 2)
    for _ in range(MOST_CHUNKS):
        if position >= end:
            return
        file.seek(position)
        head = file.read(24)
        if len(head) < 24:
            return
        size = struct.unpack("<Q", head[16:])[0]
        yield head[:4], position + 24, size - 24
        if size < 24:
            return
        position += size + (-size) % 8


def file_chunks(file: BinaryIO) -> tuple[bytes, dict[bytes, tuple[int, int]]]:
    """First four bytes, and the first chunk of each name: offset and size of its body."""
    file.seek(0)
    magic = file.read(4)
    found: dict[bytes, tuple[int, int]] = {}
    walks = {
        b"RIFF": lambda: chunks(file, 12, "<4sI"),
        b"RIFX": lambda: chunks(file, 12, ">4sI"),
        b"RF64": lambda: chunks(file, 12, "<4sI"),
        b"BW64": lambda: chunks(file, 12, "<4sI"),
        b"FORM": lambda: chunks(file, 12, ">4sI"),
        b"caff": lambda: chunks(file, 8, ">4sQ", pad=1),
        b"riff": lambda: w64_chunks(file),
    }
    for name, start, size in walks[magic]() if magic in walks else ():
        found.setdefault(name, (start, size))
    return magic, found


def rf64_to_wav(file: BinaryIO, keeps_extensible: bool = False) -> bool:
    """Turn an RF64 file as libsndfile writes it into WAV, in place, if it is below 4 GiB.

    Plain WAV, which every reader knows, unless ``keeps_extensible``.
    """
    size = file.seek(0, 2)
    if size - 8 > 0xFFFFFFFF:
        return False
    found = {name: (start, n) for name, start, n in chunks(file, 12, "<4sI")}
    if next(iter(found), b"") != b"ds64" or not {b"fmt ", b"data"} <= found.keys():
        return False
    file.seek(found[b"ds64"][0] + 8)
    n_bytes = struct.unpack("<Q", file.read(8))[0]
    file.seek(found[b"fmt "][0])
    fmt = file.read(found[b"fmt "][1])
    if fmt[:2] == b"\xfe\xff" and not keeps_extensible:
        fmt = fmt[24:26] + fmt[2:16]
    # The head keeps its length, so that the samples stay where they are; readers skip JUNK.
    head = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    n_junk = found[b"data"][0] - 8 - len(head) - 8
    head += b"JUNK" + struct.pack("<I", n_junk) + bytes(n_junk) + b"data" + struct.pack("<I", n_bytes)
    file.seek(0)
    file.write(head)
    return True
