"""Sun/NeXT AU in a stream, of either byte order."""

from __future__ import annotations

import struct

from dap_stream.io.sample_encoding import find_encoding
from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader, known_size

# Number of the encoding -> whether it is float, and its bytes.
_ENCODINGS = {2: (False, 1), 3: (False, 2), 4: (False, 3), 5: (False, 4), 6: (True, 4), 7: (True, 8)}
_HEAD_BYTES = 24


def read_au(reader: HeaderReader, magic: bytes, start: bytes) -> StreamHeader:
    """Read up to the first sample; ``start`` is what was read behind the magic word, 8 bytes."""
    order = ">" if magic == b".snd" else "<"
    offset, size, number, sample_rate, channels = struct.unpack(f"{order}5I", start + reader.exactly(12))
    if offset < _HEAD_BYTES:
        raise reader.broken(f"samples from byte {offset}")
    reader.skip(offset - _HEAD_BYTES)
    encoding = find_encoding(*_ENCODINGS[number], order) if number in _ENCODINGS else None
    return reader.header(f"AU with encoding {number}", encoding, sample_rate, channels, known_size(size))
