"""Core Audio Format in a stream, with linear PCM."""

from __future__ import annotations

import math
import struct

from dap_stream.io.sample_encoding import find_encoding
from dap_stream.io.speakers import MAX_LAYOUT_BYTES
from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader, known_long_size

_DESC_BYTES = 32
_IS_FLOAT, _IS_LITTLE_ENDIAN = 1, 2
_EDIT_COUNT_BYTES = 4  # before the samples, counted in the size


def read_caf(reader: HeaderReader, start: bytes) -> StreamHeader:
    """Read up to the first sample; ``start`` is what was read behind the magic word, 8 bytes.

    These are version and flags, and the first half of the head of the first chunk.
    """
    head = start[4:] + reader.exactly(8)
    desc, layout = b"", b""
    while True:
        name, size = struct.unpack(">4sq", head)
        if name == b"data":
            break
        if size < 0:
            raise reader.broken(f"chunk of {size} bytes")
        body = reader.body(size, MAX_LAYOUT_BYTES)
        if name == b"desc":
            desc = body
        elif name == b"chan":
            layout = body
        head = reader.exactly(12)
    if len(desc) < _DESC_BYTES:
        raise reader.broken("desc chunk")
    reader.skip(_EDIT_COUNT_BYTES)
    rate, codec, flags, n_bytes, _, channels, bits = struct.unpack(">d4s5I", desc[:_DESC_BYTES])
    encoding = None
    if codec == b"lpcm" and channels:
        order = "<" if flags & _IS_LITTLE_ENDIAN else ">"
        encoding = find_encoding(bool(flags & _IS_FLOAT), n_bytes // channels, order)
    kind = f"CAF with {codec.decode('latin-1')!r} of {bits} bits"
    sample_rate = rate if math.isfinite(rate) else 0.0
    length = known_long_size(size - _EDIT_COUNT_BYTES)
    return reader.header(kind, encoding, sample_rate, channels, length, bits, layout)
