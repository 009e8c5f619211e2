"""ID3v2 tags, as they stand in MP3, WAV, AIFF: their frames, and the texts and pictures in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dap_stream.io.around.tags import Picture, Tags

_HEAD = 10
_TEXTS = {
    "TIT2": "TITLE", "TPE1": "ARTIST", "TALB": "ALBUM", "TPE2": "ALBUMARTIST", "TDRC": "DATE", "TYER": "DATE",
    "TCON": "GENRE", "TRCK": "TRACKNUMBER", "TPOS": "DISCNUMBER", "TCOP": "COPYRIGHT", "TCOM": "COMPOSER",
    "TSRC": "ISRC", "TPUB": "ORGANIZATION", "TLAN": "LANGUAGE", "TIT1": "GROUPING", "TIT3": "SUBTITLE",
}  # fmt: skip
_NAMES = {text: frame for frame, text in reversed(_TEXTS.items())}
_OLD_NAMES = {  # of version 2.2
    "TT2": "TIT2", "TP1": "TPE1", "TAL": "TALB", "TP2": "TPE2", "TYE": "TYER", "TCO": "TCON", "TRK": "TRCK",
    "TPA": "TPOS", "TCR": "TCOP", "TCM": "TCOM", "TXX": "TXXX", "COM": "COMM",
}  # fmt: skip
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
# What was measured of the samples or tells places in them; the first are wrong in any new file.
_MEASURED = (b"MLLT", b"SEEK", b"ASPI", b"RVAD", b"RVA2", b"EQUA", b"EQU2")
_OF_TIMES = (b"CHAP", b"CTOC", b"SYLT", b"SYTC", b"ETCO", b"POSS", b"TLEN")
_TEXT_MEASURED = re.compile(rb"replaygain_|iTunNORM|iTunSMPB|mp3gain_", re.IGNORECASE)


class Frame(NamedTuple):
    """One of a tag: its name, its content, and all its bytes."""

    name: bytes
    body: bytes
    data: bytes


def tag_size(head: bytes) -> int | None:
    """Bytes of the tag that begins so, its head counted; None if none does."""
    if len(head) < _HEAD or head[:3] != b"ID3" or head[3] > 4 or any(byte > 0x7F for byte in head[6:10]):
        return None
    return _HEAD + _number(head[6:10]) + (_HEAD if head[5] & 0x10 else 0)


def _number(data: bytes) -> int:
    """Of seven bits in each byte."""
    value = 0
    for byte in data:
        value = value << 7 | byte
    return value


def _bytes(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def frames(tag: bytes) -> Iterator[Frame]:
    """Those of a tag that is written plainly; none of one with an extended head or shifted bytes."""
    if tag_size(tag[:_HEAD]) is None or tag[3] < 2 or tag[5] & 0xC0:
        return
    version, position = tag[3], _HEAD
    n_head = 6 if version == 2 else 10
    end = _HEAD + _number(tag[6:10])
    while position + n_head <= min(end, len(tag)) and tag[position]:
        if version == 2:
            name, size = tag[position : position + 3], int.from_bytes(tag[position + 3 : position + 6], "big")
        else:
            name, raw = tag[position : position + 4], tag[position + 4 : position + 8]
            size = _number(raw) if version == 4 else int.from_bytes(raw, "big")
        after = position + n_head + size
        if after > len(tag):
            return
        yield Frame(name, tag[position + n_head : after], tag[position:after])
        position = after


def without_measured(tag: bytes, is_cut: bool) -> tuple[bytes, list[str]]:
    """Without frames that are wrong for other samples, or times if it ``is_cut``; and their names."""
    dropped, kept = [], []
    for frame in frames(tag):
        is_text = frame.name in (b"TXXX", b"TXX", b"COMM", b"COM", b"UFID", b"PRIV")
        flat = frame.body[:400].replace(b"\0", b"")
        is_wrong = frame.name in _MEASURED or (is_text and _TEXT_MEASURED.search(flat) is not None)
        if is_wrong or (is_cut and frame.name in _OF_TIMES):
            dropped.append(frame.name.decode("latin-1"))
        else:
            kept.append(frame.data)
    return (_tag(tag[3], b"".join(kept)) if dropped else tag), dropped


def _tag(version: int, body: bytes) -> bytes:
    return b"ID3" + bytes([version, 0, 0]) + _bytes(len(body)) + body


def tags_of_id3(tag: bytes) -> Tags:
    """Texts and pictures."""
    texts: list[tuple[str, str]] = []
    pictures: list[Picture] = []
    for frame in frames(tag):
        name = frame.name.decode("latin-1")
        name = _OLD_NAMES.get(name, name)
        if not frame.body:
            continue
        if name == "APIC":
            picture = _picture(frame.body)
            if picture is not None:
                pictures.append(picture)
        elif name == "TXXX":
            key, *values = _strings(frame.body[0], frame.body[1:])
            texts += [(key.upper(), value) for value in values if value]
        elif name == "COMM" and len(frame.body) > 4:
            about, *values = _strings(frame.body[0], frame.body[4:])
            texts += [("COMMENT", value) for value in values if value and not about.startswith("iTun")]
        elif name in _TEXTS:
            texts += [(_TEXTS[name], value) for value in _strings(frame.body[0], frame.body[1:]) if value]
    return Tags(tuple(texts), tuple(pictures))


def _strings(encoding: int, data: bytes) -> list[str]:
    text = data.decode(_ENCODINGS[encoding] if encoding < len(_ENCODINGS) else "latin-1", "replace")
    return [part.lstrip("\ufeff") for part in text.rstrip("\0").split("\0")] or [""]


def _picture(body: bytes) -> Picture | None:
    mime, found, rest = body[1:].partition(b"\0")
    if not found or len(rest) < 2:
        return None
    kind, rest = rest[0], rest[1:]
    width = 2 if body[0] in (1, 2) else 1
    for position in range(0, len(rest) - width + 1, width):
        if not any(rest[position : position + width]):
            text = _strings(body[0], rest[:position])[0]
            return Picture(kind, mime.decode("latin-1"), text, rest[position + width :])
    return None


def id3_of_tags(tags: Tags) -> bytes:
    """A tag of version 2.4 in UTF-8."""
    parts = []
    values: dict[str, list[str]] = {}
    for name, value in tags.texts:
        values.setdefault(name, []).append(value)
    for name, found in values.items():
        text = "\0".join(found).encode()
        if name == "COMMENT":
            parts += [_frame(b"COMM", b"\x03XXX\0" + value.encode()) for value in found]
        elif name in _NAMES:
            parts.append(_frame(_NAMES[name].encode(), b"\x03" + text))
        else:
            parts.append(_frame(b"TXXX", b"\x03" + name.encode() + b"\0" + text))
    for picture in tags.pictures:
        head = b"\x03" + picture.mime.encode("latin-1", "replace") + b"\0" + bytes([picture.kind & 0xFF])
        parts.append(_frame(b"APIC", head + picture.description.encode() + b"\0" + picture.data))
    return _tag(4, b"".join(parts))


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _bytes(len(body)) + bytes(2) + body
