"""The annotation of AU: text between the header and the samples."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dap_stream.io.around.base import HeadWriter
from dap_stream.io.around.surroundings import Collector, Surroundings

ANNOTATION = b"annotation"
_HEAD_BYTES = 24


def read_au(file: BinaryIO, magic: bytes, size: int) -> Surroundings:
    """The annotation, if it says anything."""
    collector = Collector(file, size)
    start = struct.unpack(_layout(magic), _head(file)[4:8])[0]
    chunk = collector.take(ANNOTATION, _HEAD_BYTES, start - _HEAD_BYTES)
    found = (chunk,) if chunk is not None and any(chunk.body) else ()
    return Surroundings("AU", found, (), magic, tuple(collector.left_out))


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_HEAD_BYTES).ljust(_HEAD_BYTES, b"\0")


def _layout(magic: bytes) -> str:
    return "<I" if magic == b"dns." else ">I"


class AuWriter(HeadWriter):
    """Puts the annotation between the header and the samples of AU."""

    def __init__(self, around: Surroundings) -> None:
        self._annotation = around.first(ANNOTATION) or b""

    def head(self, file: BinaryIO) -> tuple[bytes, int]:
        """Header and annotation; libsndfile wrote the header alone."""
        head = _head(file)
        start = struct.pack(_layout(head[:4]), _HEAD_BYTES + len(self._annotation))
        return head[:4] + start + head[8:] + self._annotation, _HEAD_BYTES
