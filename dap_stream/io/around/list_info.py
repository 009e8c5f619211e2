"""Texts of WAV: the LIST chunk of kind INFO."""

from __future__ import annotations

from dap_stream.io.around.cue_points import pack_list, sub_chunks
from dap_stream.io.around.surroundings import Chunk
from dap_stream.io.around.tags import Tags

KIND = b"INFO"
_NAMES = {
    b"INAM": "TITLE", b"IART": "ARTIST", b"IPRD": "ALBUM", b"ICRD": "DATE", b"IGNR": "GENRE",
    b"ICMT": "COMMENT", b"ITRK": "TRACKNUMBER", b"IPRT": "TRACKNUMBER", b"ICOP": "COPYRIGHT",
    b"IMUS": "COMPOSER", b"IENG": "ENGINEER", b"ISRC": "SOURCE", b"ISBJ": "SUBJECT", b"IKEY": "KEYWORDS",
    b"ILNG": "LANGUAGE", b"IARL": "LOCATION", b"ITCH": "TECHNICIAN", b"ISFT": "SOFTWARE",
}  # fmt: skip
_KEYS = {name: key for key, name in reversed(_NAMES.items())}


def tags_of_list(body: bytes, order: str) -> Tags:
    """Texts of the body of a LIST chunk of this kind."""
    texts = []
    for name, content in sub_chunks(body, order):
        raw = content.split(b"\0")[0]
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
        if text:
            texts.append((_NAMES.get(name, name.decode("latin-1").strip()), text))
    return Tags(tuple(texts))


def list_of_tags(tags: Tags, order: str) -> bytes | None:
    """The body of a LIST chunk; None if there is nothing that it can say."""
    found: dict[bytes, str] = {}
    for name, value in tags.texts:
        if name in _KEYS:
            key = _KEYS[name]
            found[key] = f"{found[key]}; {value}" if key in found else value
    chunks = [Chunk(key, text.encode() + b"\0") for key, text in found.items()]
    return pack_list(KIND, chunks, order) if chunks else None


def says_all(tags: Tags) -> bool:
    """Whether `list_of_tags` has everything."""
    names = [name for name, _ in tags.texts]
    return not tags.pictures and set(names) <= set(_KEYS) and len(names) == len(set(names))
