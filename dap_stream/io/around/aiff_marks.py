"""Markers, comments and loops of AIFF, moved with the samples."""

from __future__ import annotations

import struct

from dap_stream.io.around.cut import Cut


def marks(body: bytes) -> list[tuple[int, int, bytes]]:
    """Number, sample and name (with its length, padded) of each marker in a MARK chunk."""
    found = []
    position = 2
    n_marks = struct.unpack_from(">H", body)[0] if len(body) >= 2 else 0
    for _ in range(n_marks):
        if position + 7 > len(body):
            break
        number, sample, n_name = struct.unpack_from(">HIB", body, position)
        end = position + 7 + n_name + (n_name + 1) % 2
        found.append((number, sample, body[position + 6 : end]))
        position = end
    return found


def moved_marks(body: bytes, cut: Cut) -> bytes | None:
    """The MARK chunk; None if no marker is left."""
    found = []
    for number, sample, name in marks(body):
        place = cut.place(sample)
        if place is not None:
            found.append(struct.pack(">HI", number, place) + name)
    return struct.pack(">H", len(found)) + b"".join(found) if found else None


def kept_comments(body: bytes, kept: set[int]) -> bytes | None:
    """The COMT chunk without comments on markers that are gone."""
    found = []
    position = 2
    n_comments = struct.unpack_from(">H", body)[0] if len(body) >= 2 else 0
    for _ in range(n_comments):
        if position + 8 > len(body):
            break
        _, number, n_text = struct.unpack_from(">IHH", body, position)
        end = position + 8 + n_text + n_text % 2
        if number == 0 or number in kept:
            found.append(body[position:end])
        position = end
    return struct.pack(">H", len(found)) + b"".join(found) if found else None


def kept_loops(body: bytes, kept: set[int]) -> bytes:
    """The INST chunk; a loop between markers that are gone is switched off."""
    data = bytearray(body)
    for at in (8, 14):
        if len(body) >= at + 6:
            mode, begin, end = struct.unpack_from(">HHH", body, at)
            if mode and not {begin, end} <= kept:
                struct.pack_into(">HHH", data, at, 0, 0, 0)
    return bytes(data)
