"""AIFF and AIFF-C in a stream, with linear PCM or floats."""

from __future__ import annotations

import struct

from dap_stream.io.sample_encoding import ENCODINGS, find_encoding
from dap_stream.io.speakers import MAX_LAYOUT_BYTES
from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader, known_size

_COMM_BYTES = 18
# Compression -> float or not, bytes (0: as many as the bits need), byte order, signed or not.
_COMPRESSIONS = {
    b"NONE": (False, 0, ">", True),
    b"twos": (False, 0, ">", True),
    b"sowt": (False, 0, "<", True),
    b"in24": (False, 3, ">", True),
    b"in32": (False, 4, ">", True),
    b"42ni": (False, 3, "<", True),
    b"23ni": (False, 4, "<", True),
    b"42n1": (False, 3, "<", True),  # as libsndfile spells them
    b"23n1": (False, 4, "<", True),
    b"raw ": (False, 1, ">", False),
    b"fl32": (True, 4, ">", True),
    b"FL32": (True, 4, ">", True),
    b"fl64": (True, 8, ">", True),
    b"FL64": (True, 8, ">", True),
}


def read_aiff(reader: HeaderReader) -> StreamHeader:
    """Read what stands between the first twelve bytes and the first sample."""
    comm, layout = b"", b""
    while True:
        name, size = struct.unpack(">4sI", reader.exactly(8))
        if name == b"SSND":
            break
        body = reader.body(size + size % 2, MAX_LAYOUT_BYTES)[:size]
        if name == b"COMM":
            comm = body
        elif name == b"CHAN":
            layout = body
    if len(comm) < _COMM_BYTES:
        raise reader.broken("no COMM chunk before the samples")
    offset = struct.unpack(">II", reader.exactly(8))[0]
    reader.skip(offset)
    channels, n_samples, bits, exponent, mantissa = struct.unpack(">HIHHQ", comm[:_COMM_BYTES])
    compression = comm[18:22] or b"NONE"
    encoding = None
    if compression in _COMPRESSIONS:
        is_float, width, order, is_signed = _COMPRESSIONS[compression]
        encoding = find_encoding(is_float, width or -(-bits // 8), order, is_signed)
    n_bytes = known_size(size)
    if n_bytes is not None:
        n_bytes = max(0, n_bytes - 8 - offset)
    if encoding is not None and known_size(n_samples) is not None:
        # The size may count padding; and where it is a placeholder, the number of samples may be none.
        exact = n_samples * channels * ENCODINGS[encoding].width
        n_bytes = exact if n_bytes is None else min(n_bytes, exact)
    kind = f"AIFF with {compression.decode('latin-1')!r} of {bits} bits"
    return reader.header(kind, encoding, _extended(exponent, mantissa), channels, n_bytes, bits, layout)


def _extended(exponent: int, mantissa: int) -> float:
    """A number of 80 bits; 0 for what cannot be a sample rate."""
    power = (exponent & 0x7FFF) - 16383 - 63
    return float(mantissa) * 2.0**power if exponent < 0x8000 and -100 < power < 0 else 0.0
