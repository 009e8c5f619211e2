"""Tags before and behind the frames of MP3: ID3v2, APEv2 and ID3v1, as they are."""

from __future__ import annotations

import struct
from typing import BinaryIO

from dap_stream.io.around.base import put_front
from dap_stream.io.around.id3 import tag_size
from dap_stream.io.around.surroundings import Chunk, Collector, Surroundings
from dap_stream.io.around.tags import Tags

ID3, ID3V1, APE = b"ID3", b"TAG", b"APE"
_ID3V1_BYTES = 128
_APE_FOOT = 32
_ID3V1_TEXTS = {
    "TITLE": (3, 33),
    "ARTIST": (33, 63),
    "ALBUM": (63, 93),
    "DATE": (93, 97),
    "COMMENT": (97, 125),
}


def read_mp3(file: BinaryIO, size: int) -> Surroundings:
    """The tags of a file."""
    collector = Collector(file, size)
    before: list[Chunk] = []
    behind: list[Chunk] = []
    position = 0
    while not collector.is_full:
        file.seek(position)
        n_bytes = tag_size(file.read(10))
        if n_bytes is None:
            break
        if (chunk := collector.take(ID3, position, n_bytes)) is not None:
            before.append(chunk)
        position += n_bytes
    end = size
    file.seek(max(0, size - _ID3V1_BYTES))
    if file.read(3) == b"TAG" and (chunk := collector.take(ID3V1, size - _ID3V1_BYTES, _ID3V1_BYTES)):
        behind.insert(0, chunk)
        end -= _ID3V1_BYTES
    file.seek(max(0, end - _APE_FOOT))
    foot = file.read(_APE_FOOT)
    if foot.startswith(b"APETAGEX"):
        n_bytes, _, flags = struct.unpack("<III", foot[12:24])
        n_bytes += _APE_FOOT if flags >> 31 else 0  # its head is not counted
        if n_bytes > end:
            collector.left_out.append("an APE tag that is broken")
        elif (chunk := collector.take(APE, end - n_bytes, n_bytes)) is not None:
            behind.insert(0, chunk)
    return Surroundings("MP3", tuple(before), tuple(behind), b"ID3", tuple(collector.left_out))


def tags_of_id3v1(body: bytes) -> Tags:
    """Texts of the old tag of 128 bytes."""
    texts = [
        (name, body[begin:end].split(b"\0")[0].decode("latin-1").strip())
        for name, (begin, end) in _ID3V1_TEXTS.items()
    ]
    return Tags(tuple(pair for pair in texts if pair[1]))


class Mp3Writer:
    """See `Writer`."""

    def __init__(self, around: Surroundings) -> None:
        self._before = b"".join(chunk.body for chunk in around.before)
        self._behind = b"".join(chunk.body for chunk in around.behind)

    def room(self, probe: BinaryIO) -> tuple[int, int]:
        return 0, len(self._before)

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        put_front(self._before, 0, inner, outer)
        outer.seek(0, 2)
        outer.write(self._behind)
