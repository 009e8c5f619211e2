"""Texts and pictures that every container can say in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """A cover or the like. ``kind`` is the number that ID3 and FLAC share; ``size`` four numbers of FLAC."""

    kind: int
    mime: str
    description: str
    data: bytes
    size: bytes = bytes(16)


@dataclass(frozen=True)
class Tags:
    """Texts under the names of Vorbis comments (TITLE, ARTIST, DATE ...), in order, and pictures."""

    texts: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.texts or self.pictures)

    def joined(self, other: Tags) -> Tags:
        """With those of ``other`` whose names are not there yet."""
        names = {name for name, _ in self.texts}
        more = tuple(pair for pair in other.texts if pair[0] not in names)
        return Tags(self.texts + more, self.pictures or other.pictures)
