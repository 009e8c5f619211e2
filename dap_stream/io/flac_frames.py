"""How long a FLAC stream says it is, and how long it is by its last frame (RFC 9639)."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

_TAIL = 1 << 20  # bytes in which the last frame is looked for
_BLOCK = 1 << 22
_STREAM = b"fLaC"
_N_STREAM_INFO = 34
_BLOCK_SIZES = {1: 192, **{i: 576 << i - 2 for i in range(2, 6)}, **{i: 256 << i - 8 for i in range(8, 16)}}


class FlacExtent(NamedTuple):
    """Samples that the header tells of (0: it does not), samples up to the last frame, a second stream."""

    promised: int
    found: int | None  # None where no whole frame ends the file
    second_at: int | None


def flac_extent(file: BinaryIO, size: int) -> FlacExtent | None:
    """None for a file that is not FLAC from its first byte on."""
    file.seek(0)
    head = file.read(8 + _N_STREAM_INFO)
    if head[:4] != _STREAM or len(head) < 8 + _N_STREAM_INFO:
        return None
    least, most = (int.from_bytes(head[i : i + 2], "big") for i in (8, 10))
    promised = int.from_bytes(head[21:26], "big") & (1 << 36) - 1
    start = max(len(head), size - _TAIL)
    file.seek(start)
    tail = _without_tags(file.read())
    return FlacExtent(promised, _last_sample(tail, most if least == most else 0), _second_stream(file))


def _second_stream(file: BinaryIO) -> int | None:
    """Where another stream begins: its name, and the head of the block that has to come first."""
    position = 8
    file.seek(position)
    kept = b""
    while block := file.read(_BLOCK):
        text = kept + block
        at = text.find(_STREAM)
        while at >= 0:
            if text[at + 4 : at + 8] in (b"\0\0\0\x22", b"\x80\0\0\x22"):
                return position - len(kept) + at
            at = text.find(_STREAM, at + 1)
        position += len(block)
        kept = text[-7:]
    return None


def _without_tags(tail: bytes) -> bytes:
    return tail[:-128] if tail[-128:-125] == b"TAG" else tail


def _last_sample(tail: bytes, block_size: int) -> int | None:
    """Number of the sample after the last frame, which ends where ``tail`` does, checksum and all."""
    at = len(tail)
    while (at := tail.rfind(b"\xff", 0, at)) >= 0:
        if tail[at + 1 : at + 2] not in (b"\xf8", b"\xf9"):
            continue
        end = _end_of_frame_header(tail, at, block_size)
        if end is not None and _crc16(tail[at:]) == 0:
            return end
    return None


def _end_of_frame_header(data: bytes, at: int, block_size: int) -> int | None:
    """Number of the sample after the frame whose header stands there; None if there is no valid one."""
    if len(data) < at + 6 or data[at + 3] & 1:
        return None
    size_code, rate_code = data[at + 2] >> 4, data[at + 2] & 15
    number, position = _coded_number(data, at + 4)
    if number is None:
        return None
    n_samples = _BLOCK_SIZES.get(size_code, 0)
    if size_code in (6, 7):
        width = size_code - 5
        n_samples = int.from_bytes(data[position : position + width], "big") + 1
        position += width
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if not n_samples or position >= len(data) or _crc8(data[at:position]) != data[position]:
        return None
    is_variable = data[at + 1] & 1
    if not is_variable and not block_size:
        return None
    return (number if is_variable else number * block_size) + n_samples


def _coded_number(data: bytes, at: int) -> tuple[int | None, int]:
    """A number in the manner of UTF-8, up to 36 bits, and where it ends."""
    first = data[at]
    if first < 0x80:
        return first, at + 1
    n_bytes = next((n for n in range(2, 8) if not first >> (7 - n) & 1), 0) if first != 0xFF else 0
    rest = data[at + 1 : at + n_bytes]
    if not n_bytes or first < 0xC0 or len(rest) < n_bytes - 1 or any(byte >> 6 != 2 for byte in rest):
        return None, at
    number = first & (0x7F >> n_bytes)
    for byte in rest:
        number = number << 6 | byte & 0x3F
    return number, at + n_bytes


def _crc_table(polynomial: int, n_bits: int) -> list[int]:
    table = []
    for value in range(256):
        value <<= n_bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value >> (n_bits - 1) else value << 1) & (1 << n_bits) - 1
        table.append(value)
    return table


_CRC8, _CRC16 = _crc_table(0x07, 8), _crc_table(0x8005, 16)


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc16(data: bytes) -> int:
    """0 over a frame with its checksum."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFF00) ^ _CRC16[crc >> 8 ^ byte]
    return crc
