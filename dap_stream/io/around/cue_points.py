"""Cue points of WAV, their labels and regions, and loops of samplers: moved with the samples."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from dap_stream.io.around.cut import Cut
from dap_stream.io.around.surroundings import Chunk

_POINT = "II4sIII"  # number, place in the play list, chunk, two places for compressed data, sample
_POINT_BYTES = 24
_LOOP_BYTES = 24
_SMPL_HEAD = 36
_MOST = 2**32 - 1
_SEGMENT_BYTES = 12


def points(cue: bytes, order: str) -> list[tuple[int, int]]:
    """Number and sample of each cue point that is whole."""
    return [(int(point[0]), int(point[5])) for point in _points(cue, order)]


def _points(cue: bytes, order: str) -> list[tuple[int, int, bytes, int, int, int]]:
    n_there = max(0, len(cue) - 4) // _POINT_BYTES
    n_points = min(n_there, struct.unpack_from(f"{order}I", cue)[0]) if len(cue) >= 4 else 0
    return [struct.unpack_from(order + _POINT, cue, 4 + _POINT_BYTES * place) for place in range(n_points)]


def sub_chunks(body: bytes, order: str) -> Iterator[Chunk]:
    """Those in a LIST chunk, which begins with its kind."""
    position = 4
    while position + 8 <= len(body):
        name, size = struct.unpack_from(f"{order}4sI", body, position)
        if position + 8 + size > len(body):
            return
        yield Chunk(name, body[position + 8 : position + 8 + size])
        position += 8 + size + size % 2


def pack_list(kind: bytes, chunks: list[Chunk], order: str) -> bytes:
    """The body of a LIST chunk."""
    parts = [
        struct.pack(f"{order}4sI", name, len(body)) + body + bytes(len(body) % 2) for name, body in chunks
    ]
    return kind + b"".join(parts)


class MovedCues:
    """Cue points of a file after a cut; regions keep the part that is left of them."""

    def __init__(self, chunks: tuple[Chunk, ...], cut: Cut, order: str) -> None:
        self._cut, self._order = cut, order
        self._lengths: dict[int, int] = {}
        for name, body in chunks:
            if name == b"LIST" and body[:4] == b"adtl":
                for part in sub_chunks(body, order):
                    if part.name == b"ltxt" and len(part.body) >= 8:
                        number, length = struct.unpack_from(f"{order}II", part.body)
                        self._lengths[number] = length
        self.kept: dict[int, tuple[int, int]] = {}  # number of a point: its sample, and length of its region
        self.has_cue = False
        for name, body in chunks:
            if name == b"cue ":
                self.has_cue = True
                for number, sample in points(body, order):
                    self._keep(number, sample)

    def _keep(self, number: int, sample: int) -> None:
        length = self._lengths.get(number, 0)
        place = self._cut.place(sample)
        if length:
            stretch = self._cut.stretch(sample, sample + length)
            if stretch is not None:
                self.kept[number] = stretch[0], stretch[1] - stretch[0]
        elif place is not None:
            self.kept[number] = place, 0

    def cue(self, body: bytes) -> bytes | None:
        """The cue chunk; None if no point is left."""
        found = []
        for number, position, chunk, *blocks, sample in _points(body, self._order):
            if number in self.kept:
                place = self.kept[number][0]
                # Two points may have one number: then one of them is moved by more than was meant.
                position = min(max(0, position + place - sample), _MOST) if position else 0
                found.append(struct.pack(self._order + _POINT, number, position, chunk, *blocks, place))
        return struct.pack(f"{self._order}I", len(found)) + b"".join(found) if found else None

    def labels(self, body: bytes) -> bytes | None:
        """A list of labels, notes and regions; None if none is left."""
        found = []
        for name, content in sub_chunks(body, self._order):
            number = struct.unpack_from(f"{self._order}I", content)[0] if len(content) >= 4 else -1
            if number not in self.kept:
                continue
            if name == b"ltxt" and len(content) >= 8:
                length = struct.pack(f"{self._order}I", self.kept[number][1])
                content = content[:4] + length + content[8:]
            found.append(Chunk(name, content))
        return pack_list(b"adtl", found, self._order) if found else None

    def playlist(self, body: bytes) -> bytes | None:
        """Segments of points that are left, no longer than the regions are."""
        n_segments = max(0, len(body) - 4) // _SEGMENT_BYTES
        found = []
        for place in range(n_segments):
            number, length, loops = struct.unpack_from(f"{self._order}III", body, 4 + _SEGMENT_BYTES * place)
            if number in self.kept:
                length = min(length, self.kept[number][1] or length)
                found.append(struct.pack(f"{self._order}III", number, length, loops))
        return struct.pack(f"{self._order}I", len(found)) + b"".join(found) if found else None


def moved_smpl(body: bytes, cut: Cut, order: str) -> bytes:
    """The smpl chunk with the loops that are whole in the result."""
    if len(body) < _SMPL_HEAD:
        return body
    n_there = (len(body) - _SMPL_HEAD) // _LOOP_BYTES
    n_loops = min(n_there, struct.unpack_from(f"{order}I", body, 28)[0])
    found = []
    for place in range(n_loops):
        values = list(struct.unpack_from(f"{order}6I", body, _SMPL_HEAD + _LOOP_BYTES * place))
        begin, end = cut.place(values[2]), cut.place(values[3])
        if begin is not None and end is not None:
            found.append(struct.pack(f"{order}6I", *values[:2], begin, end, *values[4:]))
    head = body[:28] + struct.pack(f"{order}I", len(found)) + body[32:_SMPL_HEAD]
    return head + b"".join(found) + body[_SMPL_HEAD + _LOOP_BYTES * n_loops :]
