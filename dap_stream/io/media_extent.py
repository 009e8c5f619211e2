"""Whether a file of a phone or camera ends before it says that it ends."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# Boxes of MP4 that hold sound and the tables of it; what comes behind them may be anything.
_NEEDED = (b"mdat", b"moov", b"moof")
_SEGMENT = b"\x18\x53\x80\x67"


def stated_bytes(path: Path, reader: str) -> int | None:
    """The least size that a whole file would have by what it says itself; None if it says nothing."""
    with path.open("rb") as file:
        if reader == "mov":
            return _of_boxes(file, path.stat().st_size)
        head = file.read(4096)
    if reader == "avi" and len(head) >= 8:
        return 8 + int(struct.unpack("<I", head[4:8])[0])
    return _of_segment(head) if reader == "matroska" else None


def _of_boxes(file: BinaryIO, n_bytes: int) -> int | None:
    """End of the last box of MP4 that is needed."""
    at, end = 0, None
    while at + 8 <= n_bytes:
        file.seek(at)
        head = file.read(16)
        size = int(struct.unpack(">I", head[:4])[0])
        if size == 1 and len(head) == 16:
            size = int(struct.unpack(">Q", head[8:])[0])
        if size < 8:
            return end  # up to the end of the file, whatever that is, or no box
        at += size
        if head[4:8] in _NEEDED:
            end = at
    return end


def _of_segment(head: bytes) -> int | None:
    """End of the segment of Matroska, in which everything is; None if it was written as it came."""
    at = head.find(_SEGMENT)
    if at < 0 or at + 12 > len(head) or not head[at + 4]:
        return None
    first = head[at + 4]
    width = 9 - first.bit_length()
    value = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << 7 * width) - 1)
    return None if value == (1 << 7 * width) - 1 else at + 4 + width + value
