"""WAV, RIFX (big-endian), RF64 and BW64 in a stream; WAV is also what we send.

Programs that write WAV to a pipe cannot know its length and put a placeholder in its place; it
means *until the end*.
"""

from __future__ import annotations

import struct

from dap_stream.io.sample_encoding import ENCODINGS, find_encoding
from dap_stream.io.speakers import layout_of_mask, mask_of_layout
from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader, known_long_size, known_size
from dap_stream.io.wave_fmt import MAX_FMT_BYTES, TAG_FLOAT, TAG_PCM, WaveFmt, make_fmt, parse_fmt

_MAX_UINT32 = 2**32 - 1


def read_wave(reader: HeaderReader, magic: bytes) -> StreamHeader:
    """Read what stands between the first twelve bytes and the first sample."""
    order = ">" if magic == b"RIFX" else "<"
    fmt: WaveFmt | None = None
    long_size = 0
    while True:
        name, size = struct.unpack(f"{order}4sI", reader.exactly(8))
        if name == b"data":
            break
        body = reader.body(size + size % 2, MAX_FMT_BYTES)
        if name == b"fmt ":
            fmt = parse_fmt(body[:size], order)
            if fmt is None:
                raise reader.broken("fmt chunk")
        elif name == b"ds64" and len(body) >= 16:
            long_size = struct.unpack("<Q", body[8:16])[0]
    if fmt is None:
        raise reader.broken("no fmt chunk")
    n_bytes = known_size(size) if size != _MAX_UINT32 else known_long_size(long_size)
    return header_of_fmt(reader, "WAV", fmt, order, n_bytes)


def header_of_fmt(
    reader: HeaderReader, container: str, fmt: WaveFmt, order: str, n_bytes: int | None
) -> StreamHeader:
    """The header that a fmt chunk stands for, in any of its containers."""
    encoding = None
    if fmt.tag in (TAG_PCM, TAG_FLOAT):
        encoding = find_encoding(fmt.tag == TAG_FLOAT, fmt.width, order, is_signed=fmt.width > 1)
    kind = f"{container} with format tag {fmt.tag} and {8 * fmt.width} bits"
    layout = layout_of_mask(fmt.mask)
    return reader.header(kind, encoding, fmt.sample_rate, fmt.channels, n_bytes, fmt.valid_bits, layout)


def wave_header(header: StreamHeader) -> bytes:
    """The bytes that stand before the samples: 44, or 68 if there are speakers or valid bits to be told."""
    encoding = ENCODINGS[header.encoding]
    tag, mask = TAG_FLOAT if encoding.kind == "f" else TAG_PCM, mask_of_layout(header.channel_layout)
    is_extensible = mask != 0 or header.valid_bits is not None
    fmt = make_fmt(
        WaveFmt(
            tag,
            header.channels,
            header.sample_rate,
            encoding.width,
            8 * encoding.width,
            header.valid_bits,
            mask,
            is_extensible,
        )
    )
    around = 4 + 8 + len(fmt) + 8  # counted by the outer size beside the samples
    n_bytes = header.n_bytes
    if n_bytes is None or n_bytes + n_bytes % 2 + around > _MAX_UINT32:
        riff_size = data_size = _MAX_UINT32
    else:
        riff_size, data_size = n_bytes + n_bytes % 2 + around, n_bytes
    start = struct.pack("<4sI4s4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", len(fmt))
    return start + fmt + struct.pack("<4sI", b"data", data_size)
