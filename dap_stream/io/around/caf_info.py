"""The info and mark chunks of CAF: texts, and markers that move with the samples."""

from __future__ import annotations

import struct

from dap_stream.io.around.cut import Cut
from dap_stream.io.around.tags import Tags

_MARK_BYTES = 28
_MOST_MARKS = 1_000_000
_NAMES = {
    "title": "TITLE", "artist": "ARTIST", "album": "ALBUM", "genre": "GENRE", "comments": "COMMENT",
    "track number": "TRACKNUMBER", "copyright": "COPYRIGHT", "composer": "COMPOSER", "year": "DATE",
    "recorded date": "DATE", "lyricist": "LYRICIST",
}  # fmt: skip
_KEYS = {name: key for key, name in reversed(_NAMES.items())}


def tags_of_info(body: bytes) -> Tags:
    """Texts of an info chunk."""
    texts: list[tuple[str, str]] = []
    parts = body[4:].split(b"\0")
    for key, value in zip(parts[::2], parts[1::2], strict=False):
        name = key.decode("utf-8", "replace")
        if value:
            texts.append((_NAMES.get(name, name.upper()), value.decode("utf-8", "replace")))
    return Tags(tuple(texts))


def info_of_tags(tags: Tags) -> bytes:
    """The info chunk for texts; the last of a name counts once."""
    pairs = {_KEYS.get(name, name.lower()): value for name, value in tags.texts}
    parts = [f"{key}\0{value}\0".encode() for key, value in pairs.items()]
    return struct.pack(">I", len(pairs)) + b"".join(parts)


def n_marks(body: bytes) -> int:
    """Markers in a mark chunk."""
    n_there = max(0, len(body) - 8) // _MARK_BYTES
    return min(n_there, struct.unpack_from(">I", body, 4)[0], _MOST_MARKS) if len(body) >= 8 else 0


def moved_mark(body: bytes, cut: Cut) -> bytes | None:
    """The mark chunk; None if no marker is left."""
    found = []
    for place in range(n_marks(body)):
        mark = body[8 + _MARK_BYTES * place : 8 + _MARK_BYTES * (place + 1)]
        position = struct.unpack_from(">d", mark, 4)[0]
        moved = position - cut.start
        if moved >= 0 and (cut.n_samples is None or moved < cut.n_samples):
            found.append(mark[:4] + struct.pack(">d", moved) + mark[12:])
    return body[:4] + struct.pack(">I", len(found)) + b"".join(found) if found else None
