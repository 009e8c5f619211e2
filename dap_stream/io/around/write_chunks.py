"""Chunks of WAV, RF64, Wave64, AIFF and CAF, put around the samples that libsndfile wrote.

The samples stay where they are: room was left free in front of them, and the head is made anew to fill it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from dap_stream.io.around.base import put_front
from dap_stream.io.around.layouts import LAYOUTS, Layout
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.wave_fmt import TAG_PCM, parse_fmt

_DS64_BYTES = 28
_LONG = 0xFFFFFFFF  # the size of 32 bits that says: look into ds64
# Formats of which all that matters is in the common fields of fmt: PCM, floats, A-law and mu-law.
_SIMPLE_TAGS = (1, 3, 6, 7)
_MOST_FMT = 64
_SHORT = 4096
# Room that libsndfile takes for itself.
_ROOM = (b"JUNK", b"ds64", b"free")
_NOT_NEEDED = (b"PEAK", b"peak")  # of a file that had none
# Ours or none, for they tell of the samples or of their format.
_OF_SAMPLES = (b"PEAK", b"fact", b"FVER", b"CHAN", b"chan", b"kuki", b"pakt", b"peak", b"ds64")


class _Own(NamedTuple):
    """Chunks that libsndfile wrote; where the one of the samples stands, and how many bytes it has."""

    before: list[Chunk]
    behind: list[Chunk]
    start: int
    n_bytes: int
    magic: bytes


class ChunkWriter:
    """See `Writer`. ``keeps_room``: a WAV that may turn out to be an RF64, and was begun as one."""

    def __init__(self, around: Surroundings, keeps_room: bool = False, is_extensible: bool = False) -> None:
        if around.kind == "W64":
            # libsndfile takes all to the end of the file for samples, and loses its way behind long chunks
            # whose size is not that of all its bytes.
            chunks = [
                Chunk(name, body + bytes(-len(body) % 8 if len(body) > _SHORT else 0))
                for name, body in around.all
            ]
            around = replace(around, before=tuple(chunks), behind=())
        self._around = around
        self._layout: Layout = LAYOUTS[around.kind]
        self._keeps_room, self._is_extensible = keeps_room, is_extensible
        self._has_form = any(chunk.name == self._layout.form for chunk in around.before)

    def room(self, probe: BinaryIO) -> tuple[int, int]:
        own = self._read_own(probe)
        before, _ = self._parts(own, 0, is_long=False)
        return own.start, self._layout.first + _size(self._layout, before) + self._layout.n_head

    def put(self, inner: BinaryIO, outer: BinaryIO, n_samples: int) -> None:
        layout, own = self._layout, self._read_own(inner)
        _, behind = self._parts(own, n_samples, is_long=False)
        end = own.start + own.n_bytes
        n_pad = 0 if layout.pad == 8 else -end % layout.pad  # in Wave64 libsndfile takes it for samples
        inner.seek(end)
        n_tail = inner.write(bytes(n_pad) + b"".join(map(layout.pack, behind)))
        inner.truncate(end + n_tail)
        total = outer.seek(0, 2)
        is_long = own.magic == b"RF64" and (not self._keeps_room or total - 8 > _LONG)
        before, _ = self._parts(own, n_samples, is_long)
        if is_long:
            sizes = struct.pack("<QQQI", total - 8, own.n_bytes, n_samples, 0)
            before[0] = Chunk(b"ds64", sizes)
        inner.seek(0)
        head = _file_head(inner.read(layout.first), layout, total)
        inner.seek(own.start - layout.n_head)
        audio_head = inner.read(layout.n_head)
        if self._around.kind == "RIFF":
            magic = (self._around.magic if self._around.magic == b"BW64" else b"RF64") if is_long else b"RIFF"
            head = magic + (struct.pack("<I", _LONG) if is_long else struct.pack("<I", total - 8)) + b"WAVE"
            audio_head = struct.pack("<4sI", b"data", _LONG if is_long else own.n_bytes)
        put_front(head + b"".join(map(layout.pack, before)) + audio_head, own.start, inner, outer)

    def _read_own(self, file: BinaryIO) -> _Own:
        layout = self._layout
        file.seek(0)
        magic = file.read(4)
        before: list[Chunk] = []
        place: tuple[int, int] | None = None
        for name, start, n_bytes in layout.walk(file, layout.first):
            if name == layout.audio:
                place = start, n_bytes
                break
            file.seek(start)
            before.append(Chunk(name, file.read(n_bytes)))
        if place is None:
            raise OSError("libsndfile wrote a file without samples")
        start, n_bytes = place
        if magic == b"RF64":
            n_bytes = struct.unpack("<Q", before[0].body[8:16])[0]
        behind = []
        for name, at, size in layout.walk(file, start + n_bytes + -(start + n_bytes) % layout.pad):
            file.seek(at)
            behind.append(Chunk(name, file.read(size)))
        return _Own(before, behind, start, n_bytes, magic)

    def _parts(self, own: _Own, n_samples: int, is_long: bool) -> tuple[list[Chunk], list[Chunk]]:
        """All chunks before and behind the samples."""
        theirs = self._around
        ours = {chunk.name: chunk for chunk in own.before + own.behind}
        if self._layout.form == b"fmt ":
            self._settle_riff(ours, n_samples)
        if self._has_form:
            has = {chunk.name for chunk in theirs.all}
            for name in (*_ROOM, *_NOT_NEEDED):
                if name in _ROOM or name not in has:
                    ours.pop(name, None)
        elif self._around.kind == "RIFF":
            ours.pop(b"JUNK", None)
            ours.pop(b"ds64", None)
        before, behind = _placed(ours, theirs.before), _placed(ours, theirs.behind)
        at = 1 + next((at for at, chunk in enumerate(before) if chunk.name == self._layout.form), -1)
        rest = [chunk for chunk in own.before if chunk.name in ours]
        before[at:at] = [ours[chunk.name] for chunk in rest]
        behind += [ours[chunk.name] for chunk in own.behind if chunk.name in ours]
        if own.magic == b"RF64":
            before = self._with_room(before, is_long)
        return before, behind

    def _with_room(self, before: list[Chunk], is_long: bool) -> list[Chunk]:
        """``before`` with a first chunk that has the length of ds64."""
        first = before[0]
        n_more = len(first.body) - _DS64_BYTES
        if is_long and self._around.magic not in (b"RF64", b"BW64"):
            # libsndfile does not find the samples behind a chunk of an odd size there.
            before = [Chunk(name, body + bytes(len(body) % 2)) for name, body in before]
        is_junk = self._around.magic == b"RIFF" and first.name in (b"JUNK", b"junk")
        if is_junk and (n_more == 0 or n_more >= 8):
            if n_more == 0 or not is_long:
                return before
            return [Chunk(b"ds64", bytes(_DS64_BYTES)), Chunk(first.name, first.body[36:]), *before[1:]]
        return [Chunk(b"JUNK", bytes(_DS64_BYTES)), *before]

    def _settle_riff(self, ours: dict[bytes, Chunk], n_samples: int) -> None:
        """The form of fmt is theirs where it says the same; fact counts the samples."""
        order = self._layout.order
        body = ours[b"fmt "].body
        if self._keeps_room and body[:2] == b"\xfe\xff" and not self._is_extensible:
            body = body[24:26] + body[2:16]
        theirs = self._around.first(b"fmt ")
        is_same = theirs is not None and _says_the_same(theirs, body, order)
        ours[b"fmt "] = Chunk(b"fmt ", theirs if is_same and theirs is not None else body)
        fact = self._around.first(b"fact")
        fmt = parse_fmt(ours[b"fmt "].body, order)
        if self._has_form and fmt is not None and fmt.tag in _SIMPLE_TAGS and fact is None:
            ours.pop(b"fact", None)
        if fact is not None and b"fact" not in ours:
            width = 8 if self._around.kind == "W64" else 4
            count = min(n_samples, 256**width - 1).to_bytes(width, "big" if order == ">" else "little")
            ours[b"fact"] = Chunk(b"fact", count + fact[width:])


def _placed(ours: dict[bytes, Chunk], theirs: Sequence[Chunk]) -> list[Chunk]:
    """Their chunks in their order, with ours in the places of the same name."""
    return [
        ours.pop(chunk.name, chunk) for chunk in theirs if chunk.name in ours or chunk.name not in _OF_SAMPLES
    ]


def _size(layout: Layout, chunks: Sequence[Chunk]) -> int:
    return sum(len(layout.pack(chunk)) for chunk in chunks)


def _file_head(head: bytes, layout: Layout, total: int) -> bytes:
    """With the size of the whole file."""
    if layout.pad == 8:
        return head[:16] + struct.pack("<Q", total) + head[24:]
    if layout.first == 12:
        return head[:4] + struct.pack(f"{layout.order}I", min(total - 8, _LONG)) + head[8:]
    return head


def _says_the_same(theirs: bytes, ours: bytes, order: str) -> bool:
    """Whether their fmt chunk describes the samples that are written, in any of its forms."""
    old, new = parse_fmt(theirs, order), parse_fmt(ours, order)
    if old is None or new is None or len(theirs) > _MOST_FMT or old.tag not in _SIMPLE_TAGS:
        return False
    # A plain form of words that are longer than their bits is read as something else by many.
    is_odd = not old.is_extensible and old.tag == TAG_PCM and -(-old.bits // 8) != old.width
    common = [(fmt.tag, fmt.channels, fmt.sample_rate, fmt.width) for fmt in (old, new)]
    return common[0] == common[1] and old.valid_bits == new.valid_bits and not is_odd
