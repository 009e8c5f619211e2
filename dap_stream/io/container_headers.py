"""Chunks of audio files: walked through, and turned from RF64 to WAV."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
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
    position, n_head = start, struct.calcsize(head)
    for _ in range(MOST_CHUNKS):
        if position >= 2**62:
            return
        file.seek(position)
        raw = file.read(n_head)
        if len(raw) < n_head:
            return
        name, size = struct.unpack(head, raw)
        yield name, position + n_head, size
        position += n_head + size + (-size) % pad


def rf64_to_wav(path: Path) -> bool:
    """Turn an RF64 file as libsndfile writes it into plain WAV, in place, if it is below 4 GiB."""
    size = path.stat().st_size
    if size - 8 > 0xFFFFFFFF:
        return False
    with path.open("r+b") as file:
        found = {name: (start, n) for name, start, n in chunks(file, 12, "<4sI")}
        if next(iter(found), b"") != b"ds64" or not {b"fmt ", b"data"} <= found.keys():
            return False
        file.seek(found[b"ds64"][0] + 8)
        n_bytes = struct.unpack("<Q", file.read(8))[0]
        file.seek(found[b"fmt "][0])
        fmt = file.read(found[b"fmt "][1])
        if fmt[:2] == b"\xfe\xff":
            fmt = fmt[24:26] + fmt[2:16]  # the plain form of the extensible one, which not every reader knows
        # The head keeps its length, so that the samples stay where they are; readers skip JUNK.
        head = b"RIFF" + struct.pack("<I", size - 8) + b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
        n_junk = found[b"data"][0] - 8 - len(head) - 8
        head += b"JUNK" + struct.pack("<I", n_junk) + bytes(n_junk) + b"data" + struct.pack("<I", n_bytes)
        file.seek(0)
        file.write(head)
    return True
