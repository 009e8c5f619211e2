"""Vorbis comments: what FLAC, Vorbis and Opus say of a recording, as lines of ``NAME=value``."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence

from dap_stream.io.around.tags import Picture, Tags

_PICTURE = b"METADATA_BLOCK_PICTURE="
# Loudness and other things that were measured of the samples, and are others now.
_MEASURED = (b"REPLAYGAIN_", b"R128_")
_MOST_LINES = 100_000


def split_comment(body: bytes) -> tuple[bytes, list[bytes]]:
    """Vendor and lines; as many as are whole."""
    vendor, position = _string(body, 0)
    if vendor is None or len(body) < position + 4:
        return b"", []
    n_lines = struct.unpack_from("<I", body, position)[0]
    position += 4
    lines = []
    for _ in range(min(n_lines, _MOST_LINES)):
        line, position = _string(body, position)
        if line is None:
            break
        lines.append(line)
    return vendor, lines


def _string(body: bytes, position: int) -> tuple[bytes | None, int]:
    if len(body) < position + 4:
        return None, position
    end = position + 4 + int(struct.unpack_from("<I", body, position)[0])
    return (body[position + 4 : end], end) if end <= len(body) else (None, position)


def make_comment(vendor: bytes, lines: Sequence[bytes]) -> bytes:
    """The reverse of `split_comment`."""
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(lines))]
    for line in lines:
        parts += [struct.pack("<I", len(line)), line]
    return b"".join(parts)


def with_vendor_of(own: bytes, theirs: bytes) -> bytes:
    """Their lines; the vendor is the encoder that wrote this file, and so is what it says of itself."""
    vendor, ours = split_comment(own)
    _, lines = split_comment(theirs)
    ours = [line for line in ours if line.upper().startswith(b"ENCODER=")]
    if ours:
        lines = [line for line in lines if not line.upper().startswith(b"ENCODER=")]
    return make_comment(vendor, lines + ours)


def without_measured(body: bytes) -> bytes:
    """Without lines that were measured of the samples; the same bytes if there are none."""
    vendor, lines = split_comment(body)
    kept = [line for line in lines if not line.upper().startswith(_MEASURED)]
    return body if len(kept) == len(lines) else make_comment(vendor, kept)


def tags_of_comment(body: bytes) -> Tags:
    """Texts, and the pictures of Ogg."""
    texts, pictures = [], []
    for line in split_comment(body)[1]:
        name, is_pair, value = line.partition(b"=")
        if line.upper().startswith(_PICTURE):
            try:
                picture = picture_of_block(base64.b64decode(value, validate=True))
            except binascii.Error:
                picture = None
            if picture is not None:
                pictures.append(picture)
        elif is_pair:
            texts.append((name.decode("ascii", "replace").upper(), value.decode("utf-8", "replace")))
    return Tags(tuple(texts), tuple(pictures))


def comment_of_tags(tags: Tags, has_pictures: bool) -> bytes:
    """Without a vendor. ``has_pictures``: among the lines, as in Ogg."""
    lines = [f"{name}={value}".encode() for name, value in tags.texts]
    if has_pictures:
        lines += [_PICTURE + base64.b64encode(block_of_picture(picture)) for picture in tags.pictures]
    return make_comment(b"", lines)


def picture_of_block(body: bytes) -> Picture | None:
    """Of a PICTURE block of FLAC; None if it is broken."""
    try:
        kind, n_mime = struct.unpack_from(">II", body)
        mime = body[8 : 8 + n_mime]
        position = 8 + n_mime
        (n_text,) = struct.unpack_from(">I", body, position)
        text = body[position + 4 : position + 4 + n_text]
        position += 4 + n_text
        *size, n_data = struct.unpack_from(">IIIII", body, position)
        data = body[position + 20 : position + 20 + n_data]
    except struct.error:
        return None
    if len(data) < n_data:
        return None
    described = mime.decode("ascii", "replace"), text.decode("utf-8", "replace")
    return Picture(kind, *described, data, struct.pack(">IIII", *size))


def block_of_picture(picture: Picture) -> bytes:
    """The reverse of `picture_of_block`."""
    mime, text = picture.mime.encode("ascii", "replace"), picture.description.encode()
    head = struct.pack(">II", picture.kind, len(mime)) + mime + struct.pack(">I", len(text)) + text
    return head + picture.size + struct.pack(">I", len(picture.data)) + picture.data
