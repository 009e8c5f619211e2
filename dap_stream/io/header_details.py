"""Details in the headers of files that libsndfile does not tell: speakers, valid bits, exact lengths.

They are read here from a source, and written into a finished file.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

from dap_stream.io.container_headers import chunks, file_chunks
from dap_stream.io.formats import FileFormat
from dap_stream.io.patched_file import Patch
from dap_stream.io.speakers import MAX_LAYOUT_BYTES, layout_of_mask, mask_of_layout
from dap_stream.io.wave_fmt import (
    BITS_AT,
    MASK_AT,
    MAX_FMT_BYTES,
    TAG_PCM,
    VALID_BITS_AT,
    WaveFmt,
    parse_fmt,
)

_RIFF_FAMILY = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"riff")
# Codecs of blocks, whose last one is filled up: the field of fmt that has the samples of a block, or None
# for those of G.721.
_BLOCK_TAGS = {0x2: 18, 0x11: 18, 0x31: 18, 0x40: None}
_G721_SAMPLES = 120
_PLAIN_AIFF = (b"", b"NONE", b"twos", b"sowt")
_ONE_BYTE = ("PCM_S8", "PCM_U8", "ULAW", "ALAW")
_FLAC_MASK = re.compile(rb"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x([0-9a-f]{1,8})", re.IGNORECASE)
_MAX_COMMENT_BYTES = 2**20
_CAF_HEAD = 12
_MOST_PATCHES = 100  # each costs time in every read


class HeaderDetails(NamedTuple):
    """Details of a file. ``valid_bits`` and ``channel_layout`` are those of `FileFormat`.

    ``n_filled`` is how many samples a codec may have added to fill up its last block, and ``n_samples`` the
    exact length then. With ``patches`` libsndfile finds the samples.
    """

    valid_bits: int | None = None
    channel_layout: bytes = b""
    n_samples: int = 0
    n_filled: int = 0
    patches: tuple[Patch, ...] = ()


def read_details(path: Path) -> HeaderDetails:
    """Look them up; without any for files that say nothing of the kind."""
    with path.open("rb") as file:
        magic, found = file_chunks(file)
        if magic in (b"RF64", b"BW64"):
            details = _read_riff(file, magic, found)
            return details._replace(patches=(*details.patches, *_for_libsndfile(file, magic)))
        if magic in _RIFF_FAMILY:
            return _read_riff(file, magic, found)
        if magic == b"FORM":
            return _read_aiff(file, found)
        if magic == b"caff":
            return HeaderDetails(channel_layout=_layout(file, found.get(b"chan")))
        if magic == b"fLaC":
            return HeaderDetails(channel_layout=layout_of_mask(_flac_mask(file)))
    return HeaderDetails()


def _body(file: BinaryIO, place: tuple[int, int] | None, most: int) -> bytes:
    if place is None:
        return b""
    file.seek(place[0])
    return file.read(max(0, min(place[1], most)))


def _layout(file: BinaryIO, place: tuple[int, int] | None) -> bytes:
    body = _body(file, place, MAX_LAYOUT_BYTES)
    return body if len(body) >= 12 else b""


def _order(magic: bytes) -> str:
    return ">" if magic == b"RIFX" else "<"


def _fmt(file: BinaryIO, magic: bytes, found: dict[bytes, tuple[int, int]]) -> tuple[WaveFmt | None, bytes]:
    body = _body(file, found.get(b"fmt "), MAX_FMT_BYTES)
    return parse_fmt(body, _order(magic)), body


def _read_riff(file: BinaryIO, magic: bytes, found: dict[bytes, tuple[int, int]]) -> HeaderDetails:
    order = _order(magic)
    fmt, body = _fmt(file, magic, found)
    if fmt is None:
        return HeaderDetails()
    patches: tuple[Patch, ...] = ()
    if fmt.tag == TAG_PCM and fmt.width in (1, 2, 3, 4) and -(-fmt.bits // 8) != fmt.width:
        # libsndfile takes the length of a word from the bits, and would read something else than samples.
        patches = ((found[b"fmt "][0] + BITS_AT, struct.pack(f"{order}H", 8 * fmt.width)),)
    n_samples = n_filled = 0
    if fmt.tag in _BLOCK_TAGS and len(body) >= 20:
        at = _BLOCK_TAGS[fmt.tag]
        block = _G721_SAMPLES if at is None else struct.unpack(f"{order}H", body[at : at + 2])[0]
        n_filled = 2 * block - 1  # libsndfile also takes the padding byte of an odd size for a block
        fact = _body(file, found.get(b"fact"), 8)
        n_samples = int.from_bytes(fact[: 8 if magic == b"riff" else 4], "big" if order == ">" else "little")
    return HeaderDetails(fmt.valid_bits, layout_of_mask(fmt.mask), n_samples, n_filled, patches)


def _for_libsndfile(file: BinaryIO, magic: bytes) -> list[Patch]:
    """Patches for what it does not read in RF64: the younger name, odd sizes before the audio."""
    patches: list[Patch] = [(0, b"RF64")] if magic == b"BW64" else []
    for name, start, size in chunks(file, 12, "<4sI"):
        if name == b"data" or len(patches) == _MOST_PATCHES:
            break
        if size % 2:
            patches.append((start - 4, struct.pack("<I", size + 1)))
    return patches


def _read_aiff(file: BinaryIO, found: dict[bytes, tuple[int, int]]) -> HeaderDetails:
    comm = _body(file, found.get(b"COMM"), 22)
    bits = struct.unpack(">H", comm[6:8])[0] if len(comm) >= 18 and comm[18:] in _PLAIN_AIFF else 0
    return HeaderDetails(bits if bits % 8 else None, _layout(file, found.get(b"CHAN")))


def _flac_mask(file: BinaryIO) -> int:
    """The channel mask in the comments, where what FLAC means by the number of channels does not fit."""
    position, is_last = 4, False
    while not is_last:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            return 0
        kind, size, is_last = head[0] & 0x7F, int.from_bytes(head[1:], "big"), bool(head[0] & 0x80)
        if kind == 4:
            tag = _FLAC_MASK.search(file.read(min(size, _MAX_COMMENT_BYTES)))
            return 0 if tag is None else int(tag[1], 16)
        position += 4 + size
    return 0


def write_details(file: BinaryIO, file_format: FileFormat, n_samples: int) -> None:
    """Put them into a finished file, in the place of what libsndfile wrote.

    And take out the time of day beside the loudest sample (PEAK), which would make two equal runs differ.
    """
    magic, found = file_chunks(file)
    if b"PEAK" in found:
        _put(file, found[b"PEAK"][0] + 4, bytes(4))
    if magic in _RIFF_FAMILY:
        _write_riff(file, magic, found, file_format, n_samples)
    elif magic == b"FORM":
        _write_aiff(file, found, file_format, n_samples)
    elif magic == b"caff" and b"chan" not in found:
        _write_caf(file, found, file_format.channel_layout)


def _put(file: BinaryIO, position: int, data: bytes) -> None:
    file.seek(position)
    file.write(data)


def _write_riff(
    file: BinaryIO,
    magic: bytes,
    found: dict[bytes, tuple[int, int]],
    file_format: FileFormat,
    n_samples: int,
) -> None:
    order = _order(magic)
    fmt, _ = _fmt(file, magic, found)
    if fmt is None:
        return
    start, bits = found[b"fmt "][0], file_format.valid_bits
    if bits is not None and fmt.is_extensible:
        _put(file, start + VALID_BITS_AT, struct.pack(f"{order}H", bits))
    elif bits is not None and -(-bits // 8) == fmt.width:  # else the length of a word would be misread
        _put(file, start + BITS_AT, struct.pack(f"{order}H", bits))
    if fmt.is_extensible:
        _put(file, start + MASK_AT, struct.pack(f"{order}I", mask_of_layout(file_format.channel_layout)))
    if b"fact" in found:
        size = 8 if magic == b"riff" else 4
        count = min(n_samples, 256**size - 1)
        _put(file, found[b"fact"][0], struct.pack(f"{order}{'Q' if size == 8 else 'I'}", count))


def _write_aiff(
    file: BinaryIO, found: dict[bytes, tuple[int, int]], file_format: FileFormat, n_samples: int
) -> None:
    if not {b"COMM", b"SSND"} <= found.keys():
        return
    if file_format.valid_bits is not None:
        _put(file, found[b"COMM"][0] + 6, struct.pack(">H", file_format.valid_bits))
    if file_format.subtype in _ONE_BYTE:
        # libsndfile counts the padding of an odd number of bytes as a sample.
        _put(file, found[b"COMM"][0] + 2, struct.pack(">I", n_samples))
        _put(file, found[b"SSND"][0] - 4, struct.pack(">I", 8 + n_samples * file_format.channels))
    if file_format.channel_layout and b"CHAN" not in found:
        end = file.seek(0, 2)
        layout = file_format.channel_layout
        _put(file, end + end % 2, struct.pack(">4sI", b"CHAN", len(layout)) + layout)
        _put(file, 4, struct.pack(">I", file.seek(0, 2) - 8))


def _write_caf(file: BinaryIO, found: dict[bytes, tuple[int, int]], layout: bytes) -> None:
    """In the room that libsndfile leaves free before the samples."""
    start, size = found.get(b"free", (0, 0))
    rest = size - len(layout) - _CAF_HEAD
    if layout and rest >= 0:
        chan = struct.pack(">4sQ", b"chan", len(layout)) + layout
        _put(file, start - _CAF_HEAD, chan + struct.pack(">4sQ", b"free", rest))
