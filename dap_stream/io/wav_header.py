"""The header of a WAV stream, for pipes: read and written front to back, without going back.

Programs that write WAV to a pipe cannot know its length and put a placeholder in its place; it
means *until the end*.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

from dap_stream.errors import InputError
from dap_stream.io.container_headers import is_unknown_size

_TAG_PCM, _TAG_FLOAT, _TAG_EXTENSIBLE = 1, 3, 0xFFFE
_ENCODINGS = {
    (_TAG_PCM, 8): "u8",
    (_TAG_PCM, 16): "s16le",
    (_TAG_PCM, 24): "s24le",
    (_TAG_PCM, 32): "s32le",
    (_TAG_FLOAT, 32): "f32le",
    (_TAG_FLOAT, 64): "f64le",
}


class WaveHeader(NamedTuple):
    """Header of a stream; ``n_bytes`` of samples follow, None means until the end."""

    encoding: str
    sample_rate: int
    channels: int
    n_bytes: int | None


def read_wave_header(read: Callable[[int], bytes], name: str) -> WaveHeader:
    """Read up to the first sample. ``read(n)`` gives n bytes, fewer only at the end."""
    riff = read(12)
    if riff[:4] not in (b"RIFF", b"RF64", b"BW64") or riff[8:] != b"WAVE":
        raise InputError(f"{name}: is not a WAV stream; send WAV, or name the raw format with --raw")
    layout: tuple[str, int, int] | None = None
    long_size: int | None = None
    while True:
        head = read(8)
        if len(head) < 8:
            raise InputError(f"{name}: the WAV stream ends in its header; check the program that sends it")
        size = struct.unpack("<I", head[4:])[0]
        if head[:4] == b"data":
            break
        body = read(size + size % 2)
        if head[:4] == b"fmt ":
            layout = _parse_fmt(body, name)
        elif head[:4] == b"ds64" and len(body) >= 16:
            long_size = struct.unpack("<Q", body[8:16])[0]
    if layout is None:
        raise InputError(f"{name}: the WAV stream has no fmt chunk; check the program that sends it")
    n_bytes = long_size if size == 0xFFFFFFFF and long_size else None if is_unknown_size(size) else size
    return WaveHeader(*layout, n_bytes)


def _parse_fmt(body: bytes, name: str) -> tuple[str, int, int]:
    if len(body) < 16:
        raise InputError(f"{name}: the WAV stream has a broken fmt chunk; check the program that sends it")
    tag, channels, sample_rate, _, width, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _TAG_EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack("<H", body[24:26])[0]  # the first two bytes of the GUID
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or channels == 0 or sample_rate == 0 or width * 8 != channels * bits:
        raise InputError(
            f"{name}: WAV with format tag {tag} and {bits} bits cannot be read from a pipe; "
            "send 8, 16, 24 or 32 bit PCM, or 32 or 64 bit float"
        )
    return encoding, sample_rate, channels


def wave_header(header: WaveHeader) -> bytes:
    """The 44 bytes that stand before the samples."""
    tag, bits = next(key for key, encoding in _ENCODINGS.items() if encoding == header.encoding)
    width = header.channels * bits // 8
    n_bytes = header.n_bytes
    if n_bytes is None or n_bytes + 36 > 0xFFFFFFFF:
        riff_size = data_size = 0xFFFFFFFF
    else:
        riff_size, data_size = n_bytes + n_bytes % 2 + 36, n_bytes
    rate = header.sample_rate
    fmt = struct.pack("<IHHIIHH", 16, tag, header.channels, rate, rate * width, width, bits)
    return b"".join(
        (b"RIFF", struct.pack("<I", riff_size), b"WAVEfmt ", fmt, b"data", struct.pack("<I", data_size))
    )
