"""The fmt chunk of WAV, RF64 and Wave64: plain, or extensible with valid bits and a channel mask."""

from __future__ import annotations

import struct
from typing import NamedTuple

TAG_PCM, TAG_FLOAT, _TAG_EXTENSIBLE = 1, 3, 0xFFFE
MAX_FMT_BYTES = 40  # all that is read of it
# Where the numbers stand that libsndfile does not keep; the plain form has only bits.
BITS_AT, VALID_BITS_AT, MASK_AT = 14, 18, 20
_GUID_REST = bytes.fromhex("000000001000800000aa00389b71")  # behind the tag


class WaveFmt(NamedTuple):
    """Fields of a fmt chunk. ``width``: bytes of a sample; ``mask`` is 0 if there is none."""

    tag: int
    channels: int
    sample_rate: int
    width: int
    bits: int  # of a word, as the chunk has them
    valid_bits: int | None  # None: all
    mask: int
    is_extensible: bool


def parse_fmt(body: bytes, order: str = "<") -> WaveFmt | None:
    """Read the first `MAX_FMT_BYTES` of the chunk; None if it is broken."""
    if len(body) < 16:
        return None
    tag, channels, sample_rate, _, block, bits = struct.unpack(f"{order}HHIIHH", body[:16])
    is_extensible = tag == _TAG_EXTENSIBLE and len(body) >= 26
    mask, valid = 0, bits
    if is_extensible:
        valid, mask, tag = struct.unpack(f"{order}HIH", body[VALID_BITS_AT:26])
    if channels == 0 or sample_rate == 0:
        return None
    width = block // channels
    is_part = tag == TAG_PCM and 0 < valid < 8 * width
    return WaveFmt(tag, channels, sample_rate, width, bits, valid if is_part else None, mask, is_extensible)


def make_fmt(fmt: WaveFmt) -> bytes:
    """The body of a fmt chunk, extensible if it has more to say than the plain one can."""
    block = fmt.width * fmt.channels
    tag = _TAG_EXTENSIBLE if fmt.is_extensible else fmt.tag
    plain = struct.pack(
        "<HHIIHH", tag, fmt.channels, fmt.sample_rate, fmt.sample_rate * block, block, fmt.bits
    )
    if not fmt.is_extensible:
        return plain
    more = struct.pack("<HHIH", 22, fmt.valid_bits or fmt.bits, fmt.mask, fmt.tag)
    return plain + more + _GUID_REST
