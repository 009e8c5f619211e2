"""Texts and pictures from one kind of file to another."""

from __future__ import annotations

from dap_stream.io.around import caf_info, flac, id3, list_info, mp3, ogg, vorbis_comment
from dap_stream.io.around.bext import parse_bext
from dap_stream.io.around.layouts import LAYOUTS
from dap_stream.io.around.surroundings import Chunk, Surroundings, text_of
from dap_stream.io.around.tags import Tags

_AIFF_TEXTS = {b"NAME": "TITLE", b"AUTH": "ARTIST", b"(c) ": "COPYRIGHT", b"ANNO": "COMMENT"}
# What an encoder says of itself, or of the channels of this file.
_NOT_MEANT = ("ENCODER", "ENCODER_OPTIONS", "WAVEFORMATEXTENSIBLE_CHANNEL_MASK")
_ID3_CHUNKS = (b"ID3 ", b"id3 ")
# Pieces that describe the format, or nothing at all, or places in this file.
_STRUCTURE = {
    "RIFF": (b"fmt ", b"fact", b"PEAK", b"JUNK", b"junk", b"FLLR", b"PAD ", b"Fake", b"filr", b"ds64"),
    "AIFF": (b"COMM", b"FVER", b"PEAK", b"CHAN"),
    "CAF": (b"desc", b"chan", b"kuki", b"pakt", b"peak", b"free"),
    "FLAC": (flac.STREAMINFO, flac.PADDING, flac.SEEKTABLE),
}
_TAGS = {
    "RIFF": _ID3_CHUNKS,
    "AIFF": (*_AIFF_TEXTS, *_ID3_CHUNKS),
    "CAF": (b"info",),
    "FLAC": (flac.COMMENT, flac.PICTURE),
    "OGG": (ogg.COMMENT,),
    "MP3": (mp3.ID3, mp3.ID3V1),
}


def tags_of(around: Surroundings) -> Tags:
    """All texts and pictures that are understood."""
    tags = Tags()
    for name, body in around.all:
        tags = tags.joined(_tags_of_piece(around.kind, name, body))
    if around.kind == "FLAC":
        found = [
            vorbis_comment.picture_of_block(body) for name, body in around.before if name == flac.PICTURE
        ]
        tags = Tags(tags.texts, tuple(picture for picture in found if picture is not None))
    return tags


def _tags_of_piece(kind: str, name: bytes, body: bytes) -> Tags:
    if kind in ("RIFF", "RIFX", "W64"):
        if name == b"LIST" and body[:4] == list_info.KIND:
            return list_info.tags_of_list(body, LAYOUTS[kind].order)
        if name == b"bext" and (bext := parse_bext(body)) is not None:
            texts = (("DESCRIPTION", bext.description), ("DATE", bext.date))
            return Tags(tuple(pair for pair in texts if pair[1]))
    if kind == "AIFF" and name in _AIFF_TEXTS:
        text = body.split(b"\0")[0].decode("utf-8", "replace")
        return Tags(((_AIFF_TEXTS[name], text),) if text else ())
    if kind == "CAF" and name == b"info":
        return caf_info.tags_of_info(body)
    if (kind == "FLAC" and name == flac.COMMENT) or (kind == "OGG" and name == ogg.COMMENT):
        return vorbis_comment.tags_of_comment(body)
    if (kind == "MP3" and name == mp3.ID3) or name in _ID3_CHUNKS:
        return id3.tags_of_id3(body)
    if kind == "MP3" and name == mp3.ID3V1:
        return mp3.tags_of_id3v1(body)
    return Tags()


def meant(tags: Tags) -> Tags:
    """Without those that are about the old file."""
    return Tags(tuple(pair for pair in tags.texts if pair[0] not in _NOT_MEANT), tags.pictures)


def made_of_tags(kind: str, tags: Tags) -> Surroundings:
    """Pieces that say them in a file of this kind, as far as it can."""
    before: list[Chunk] = []
    behind: list[Chunk] = []
    if not tags:
        return Surroundings(kind)
    if kind in ("RIFF", "RIFX", "W64"):
        body = list_info.list_of_tags(tags, LAYOUTS[kind].order)
        if body is not None:
            before.append(Chunk(b"LIST", body))
        if not list_info.says_all(tags):
            behind.append(Chunk(b"id3 ", id3.id3_of_tags(tags)))
    elif kind == "AIFF":
        names = {text: name for name, text in _AIFF_TEXTS.items()}
        before += [Chunk(names[name], value.encode()) for name, value in tags.texts if name in names]
        if tags.pictures or any(name not in names for name, _ in tags.texts):
            behind.append(Chunk(b"ID3 ", id3.id3_of_tags(tags)))
    elif kind == "CAF":
        before += [Chunk(b"info", caf_info.info_of_tags(tags))] if tags.texts else []
    elif kind == "FLAC":
        comment = vorbis_comment.comment_of_tags(tags, False)
        before += [Chunk(flac.COMMENT, comment)] if len(comment) < flac.MAX_BODY else []
        blocks = [vorbis_comment.block_of_picture(picture) for picture in tags.pictures]
        before += [Chunk(flac.PICTURE, block) for block in blocks if len(block) <= flac.MAX_BODY]
    elif kind == "OGG":
        before.append(Chunk(ogg.COMMENT, vorbis_comment.comment_of_tags(tags, True)))
    elif kind == "MP3":
        before.append(Chunk(mp3.ID3, id3.id3_of_tags(tags)))
    return Surroundings(kind, tuple(before), tuple(behind))


def is_structure(kind: str, name: bytes) -> bool:
    """Whether a piece tells of the format only, or of nothing."""
    return name in _STRUCTURE.get("RIFF" if kind in ("RIFX", "W64") else kind, ())


def untranslated(around: Surroundings) -> list[str]:
    """Names of pieces of which no other kind of file can say all."""
    kind = "RIFF" if around.kind in ("RIFX", "W64") else around.kind
    known = (*_STRUCTURE.get(kind, ()), *_TAGS.get(kind, ()))
    names = (
        name_of(around.kind, chunk)
        for chunk in around.all
        if chunk.name not in known and not (chunk.name == b"LIST" and chunk.body[:4] == list_info.KIND)
    )
    return list(dict.fromkeys(names))


_FLAC_NAMES = {
    flac.STREAMINFO: "STREAMINFO", flac.PADDING: "PADDING", flac.SEEKTABLE: "SEEKTABLE",
    flac.COMMENT: "comments", flac.CUESHEET: "CUESHEET", flac.PICTURE: "picture",
}  # fmt: skip


def name_of(kind: str, chunk: Chunk) -> str:
    """A name of a piece for a message."""
    if kind == "FLAC":
        if chunk.name == flac.APPLICATION:
            return f"APPLICATION {text_of(chunk.body[:4])}"
        return _FLAC_NAMES.get(chunk.name, f"block {chunk.name[0]}")
    if chunk.name == b"LIST":
        return f"LIST {text_of(chunk.body[:4])}"
    return text_of(chunk.name)
