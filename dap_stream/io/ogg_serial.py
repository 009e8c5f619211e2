"""Serial numbers of Ogg streams: from their content and not from chance, so that equal runs give equal files.

libsndfile draws one at random. A constant would do too, but recordings that are joined have to differ.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dap_stream.io.ogg_pages import pages

_SERIAL_AT, _NUMBER_AT, _CHECKSUM_AT = 14, 18, 22
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def settle_serial(path: Path) -> None:
    """Give the one stream of a file its serial number, page by page, and number its pages."""
    with path.open("r+b") as file:
        serial = 0
        for _, page in _blank_pages(file, bytes(4)):
            serial = zlib.crc32(page, serial)
        for position, page in _blank_pages(file, struct.pack("<I", serial)):
            file.seek(position)
            file.write(
                page[:_CHECKSUM_AT] + struct.pack("<I", page_checksum(page)) + page[_CHECKSUM_AT + 4 :]
            )


def _blank_pages(file: BinaryIO, serial: bytes) -> Iterator[tuple[int, bytes]]:
    """Position and bytes of each page with its number, another serial number and a checksum of 0."""
    for number, place in enumerate(pages(file)):
        file.seek(place.start)
        page = bytearray(file.read(place.n_bytes))
        page[_SERIAL_AT : _SERIAL_AT + 4] = serial
        page[_NUMBER_AT : _NUMBER_AT + 4] = struct.pack("<I", number)
        page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = bytes(4)
        yield place.start, bytes(page)


def page_checksum(page: bytes) -> int:
    """The checksum of a page whose own is 0: CRC-32 as zlib has it, but for bits the other way round."""
    reversed_checksum = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reversed_checksum:032b}"[::-1], 2)
