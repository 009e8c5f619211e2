"""Metadata blocks of FLAC (RFC 9639, section 8): read, and put in front of the frames."""

from __future__ import annotations

from typing import BinaryIO

from dap_stream.io.around.base import HeadWriter
from dap_stream.io.around.surroundings import Chunk, Collector, Surroundings
from dap_stream.io.around.vorbis_comment import with_vendor_of

STREAMINFO, PADDING, APPLICATION, SEEKTABLE, COMMENT, CUESHEET, PICTURE = (bytes([i]) for i in range(7))
MAX_BODY = 2**24 - 1
_MAGIC = b"fLaC"
# Of the file that is written: what the encoder found, and places of frames.
_OF_SAMPLES = (STREAMINFO, SEEKTABLE)


def read_flac(file: BinaryIO, size: int) -> Surroundings:
    """All blocks; they are named by their number."""
    collector = Collector(file, size)
    blocks, _ = _blocks(file, collector)
    return Surroundings("FLAC", tuple(blocks), (), _MAGIC, tuple(collector.left_out))


def _blocks(file: BinaryIO, collector: Collector) -> tuple[list[Chunk], int]:
    """The blocks, and where the first frame begins."""
    position, is_last = 4, False
    found = []
    while not is_last and not collector.is_full:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            break
        is_last, n_bytes = bool(head[0] & 0x80), int.from_bytes(head[1:], "big")
        if (block := collector.take(bytes([head[0] & 0x7F]), position + 4, n_bytes)) is not None:
            found.append(block)
        position += 4 + n_bytes
    return found, position


class FlacWriter(HeadWriter):
    """Puts metadata blocks before the frames of FLAC."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def head(self, file: BinaryIO) -> tuple[bytes, int]:
        """All before the frames, and how much of that libsndfile wrote."""
        own, start = _blocks(file, Collector(file, file.seek(0, 2)))
        comment = next((block.body for block in own if block.name == COMMENT), b"")
        blocks = []
        for block in self._around.before:
            if block.name == COMMENT:
                blocks.append(Chunk(COMMENT, with_vendor_of(comment, block.body)))
            elif block.name not in _OF_SAMPLES:
                blocks.append(block)
        if not any(block.name == COMMENT for block in blocks):
            blocks.insert(0, Chunk(COMMENT, comment))
        blocks = [own[0], *(block for block in blocks if len(block.body) <= MAX_BODY)]
        packed = [block.name + len(block.body).to_bytes(3, "big") + block.body for block in blocks]
        packed[-1] = bytes([packed[-1][0] | 0x80]) + packed[-1][1:]
        return _MAGIC + b"".join(packed), start
