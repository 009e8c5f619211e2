"""The encodings of samples in a stream of bytes, by kind, width and byte order."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.io.pcm import Codes, from_codes


class SampleEncoding(NamedTuple):
    """Encoding of one sample; ``subtype`` is that of a file with the same values."""

    name: str
    kind: str  # u and s: integers without and with a sign, f: floats
    width: int  # bytes
    order: Literal["<", ">"]
    subtype: str


ENCODINGS = {
    each.name: each
    for each in (
        SampleEncoding("u8", "u", 1, "<", "PCM_U8"),
        SampleEncoding("s16le", "s", 2, "<", "PCM_16"),
        SampleEncoding("s24le", "s", 3, "<", "PCM_24"),
        SampleEncoding("s32le", "s", 4, "<", "PCM_32"),
        SampleEncoding("f32le", "f", 4, "<", "FLOAT"),
        SampleEncoding("f64le", "f", 8, "<", "DOUBLE"),
        SampleEncoding("s8", "s", 1, ">", "PCM_U8"),
        SampleEncoding("s16be", "s", 2, ">", "PCM_16"),
        SampleEncoding("s24be", "s", 3, ">", "PCM_24"),
        SampleEncoding("s32be", "s", 4, ">", "PCM_32"),
        SampleEncoding("f32be", "f", 4, ">", "FLOAT"),
        SampleEncoding("f64be", "f", 8, ">", "DOUBLE"),
    )
}
WAVE_ENCODINGS = tuple(name for name, each in ENCODINGS.items() if each.order == "<")


def find_encoding(is_float: bool, width: int, order: str, is_signed: bool = True) -> str | None:
    """Name of the encoding of ``width`` bytes; None if it is none of ours. One byte has no order."""
    kind = "f" if is_float else "s" if is_signed else "u"
    orders = ("<", ">") if width == 1 else (order,)
    return next(
        (
            name
            for name, each in ENCODINGS.items()
            if (each.kind, each.width) == (kind, width) and each.order in orders
        ),
        None,
    )


def wave_encoding(name: str) -> str:
    """The encoding of a WAV stream with the same values: little-endian, and without a sign in one byte."""
    return next(each for each in WAVE_ENCODINGS if ENCODINGS[each].subtype == ENCODINGS[name].subtype)


def decode(data: bytes, encoding: SampleEncoding, channels: int) -> Audio:
    """Interleaved bytes -> ``[channels, n]``, float64 for integers of 32 and floats of 64 bits."""
    audio: Audio
    if encoding.kind == "f":
        audio = np.frombuffer(data, f"{encoding.order}f{encoding.width}")
    elif encoding.width == 3:
        # Three bytes in the upper end of four: the sign comes along.
        words = np.zeros((len(data) // 3, 4), np.uint8)
        words[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, :: 1 if encoding.order == "<" else -1]
        audio = from_codes(words.reshape(-1).view("<i4") >> 8, 24)
    else:
        codes = np.frombuffer(data, f"{encoding.order}{'iu'[encoding.kind == 'u']}{encoding.width}")
        codes = codes.astype(np.int32) - (128 if encoding.kind == "u" else 0)
        audio = from_codes(codes, 8 * encoding.width)
    # Always a fresh array of the machine's own byte order, never a view of the bytes received.
    dtype = np.float64 if audio.dtype.itemsize == 8 else np.float32
    return np.array(audio.reshape(-1, channels).T, dtype=dtype, order="C")


def encode(codes: Codes, encoding: SampleEncoding) -> bytes:
    """Codes ``[channels, n]`` with the word in the upper bits, or floats -> interleaved bytes."""
    interleaved = np.ascontiguousarray(codes.T)
    if encoding.kind == "f" or interleaved.dtype.itemsize == encoding.width:
        return interleaved.astype(interleaved.dtype.newbyteorder(encoding.order), copy=False).tobytes()
    if interleaved.dtype.itemsize == 2:
        interleaved = interleaved.astype(np.int32) << 16
    words = interleaved.astype("<i4", copy=False).view(np.uint8).reshape(-1, 4)
    upper = words[:, 4 - encoding.width :]
    if encoding.kind == "u":
        upper = upper ^ np.uint8(0x80)  # 128 is the middle
    return upper[:, :: 1 if encoding.order == "<" else -1].tobytes()
