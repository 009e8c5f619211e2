"""Sony Wave64 in a stream: like WAV, with names of 16 bytes and sizes of 64 bits."""

from __future__ import annotations

import struct

from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader, known_long_size
from dap_stream.io.stream_headers.wave import header_of_fmt
from dap_stream.io.wave_fmt import MAX_FMT_BYTES, WaveFmt, parse_fmt

_HEAD_BYTES = 24  # name and size, which the size counts too


def read_w64(reader: HeaderReader) -> StreamHeader:
    """Read what stands between the first twelve bytes and the first sample."""
    reader.skip(40 - 12)
    fmt: WaveFmt | None = None
    while True:
        name, size = struct.unpack("<16sQ", reader.exactly(_HEAD_BYTES))
        if name[:4] == b"data":
            break
        if size < _HEAD_BYTES:
            raise reader.broken(f"chunk of {size} bytes")
        body = reader.body(size + -size % 8 - _HEAD_BYTES, MAX_FMT_BYTES)
        if name[:4] == b"fmt ":
            fmt = parse_fmt(body[: size - _HEAD_BYTES])
            if fmt is None:
                raise reader.broken("fmt chunk")
    if fmt is None:
        raise reader.broken("no fmt chunk")
    return header_of_fmt(reader, "W64", fmt, "<", known_long_size(size - _HEAD_BYTES))
