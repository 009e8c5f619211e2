"""The comments of Vorbis and Opus: read, and put into the first pages that libsndfile wrote."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dap_stream.io.around.base import HeadWriter
from dap_stream.io.around.surroundings import MAX_BYTES, Chunk, Surroundings
from dap_stream.io.around.vorbis_comment import make_comment, split_comment, with_vendor_of
from dap_stream.io.ogg_pages import pages

COMMENT = b"comment"
_HEAD = 27
_MOST_LACING = 255
_IS_CONTINUED = 1
_NO_SAMPLE = b"\xff" * 8  # position of a page on which no packet ends
_VORBIS, _OPUS = b"\x03vorbis", b"OpusTags"


def read_ogg(file: BinaryIO) -> Surroundings:
    """The comments of the first stream, without the vendor."""
    packets, _, _ = _header(file)
    for packet in packets[1:2]:
        for magic in (_VORBIS, _OPUS):
            if packet.startswith(magic):
                comment = make_comment(b"", split_comment(packet[len(magic) :])[1])
                return Surroundings("OGG", (Chunk(COMMENT, comment),), (), b"OggS")
    return Surroundings("OGG", magic=b"OggS", left_out=("comments that are broken or too large",))


def _header(file: BinaryIO) -> tuple[list[bytes], bytes, int]:
    """Packets before the audio, the head of the first page, and where the audio begins."""
    packets: list[bytes] = []
    parts: list[bytes] = []
    first, serial, n_bytes, wanted = b"", b"", 0, 2
    for page in pages(file):
        file.seek(page.start)
        data = file.read(page.n_bytes)
        if page.start == 0:
            first, serial = data, data[14:18]
            wanted = 2 if b"OpusHead" in data else 3
        elif data[14:18] != serial:
            continue  # of another stream
        n_bytes += len(data)
        if n_bytes > MAX_BYTES:
            break
        position = _HEAD + data[26]
        for lacing in data[_HEAD:position]:
            parts.append(data[position : position + lacing])
            position += lacing
            if lacing < _MOST_LACING:
                packets.append(b"".join(parts))
                parts = []
        if len(packets) >= wanted:
            return packets[:wanted], first, page.start + page.n_bytes
    return packets if len(packets) >= 2 else [], first, 0


class OggWriter(HeadWriter):
    """Puts comments before the packets of Ogg; `settle_serial` sees to numbers and checksums of the pages."""

    def __init__(self, around: Surroundings) -> None:
        self._comment = around.first(COMMENT) or make_comment(b"", [])

    def head(self, file: BinaryIO) -> tuple[bytes, int]:
        """All pages before the audio, and how much of that libsndfile wrote."""
        packets, first, start = _header(file)
        magic = _VORBIS if packets[1].startswith(_VORBIS) else _OPUS
        own = packets[1][len(magic) :]
        vendor, lines = split_comment(own)
        rest = own[len(make_comment(vendor, lines)) :]  # padding of Opus, the last bit of Vorbis
        packets[1] = magic + with_vendor_of(own, self._comment) + rest
        return first + _pages(packets[1:], first[14:18]), start


def _pages(packets: list[bytes], serial: bytes) -> bytes:
    """Pages of packets of which none has a sample."""
    lacings, ends = [], set()
    for packet in packets:
        lacings += [_MOST_LACING] * (len(packet) // _MOST_LACING) + [len(packet) % _MOST_LACING]
        ends.add(len(lacings) - 1)
    body, position, made = b"".join(packets), 0, []
    for begin in range(0, len(lacings), _MOST_LACING):
        piece = lacings[begin : begin + _MOST_LACING]
        is_continued = begin > 0 and begin - 1 not in ends
        has_end = any(begin + place in ends for place in range(len(piece)))
        head = struct.pack("<4sBB", b"OggS", 0, _IS_CONTINUED if is_continued else 0)
        head += (bytes(8) if has_end else _NO_SAMPLE) + serial + bytes(8) + bytes([len(piece), *piece])
        made.append(head + body[position : position + sum(piece)])
        position += sum(piece)
    return b"".join(made)
