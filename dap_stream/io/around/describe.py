"""Metadata around the samples of a file, told in plain values."""

from __future__ import annotations

from dataclasses import asdict

from dap_stream.io.around import caf_info, flac, ogg, translate
from dap_stream.io.around.aiff_marks import marks
from dap_stream.io.around.bext import parse_bext
from dap_stream.io.around.cue_points import points
from dap_stream.io.around.foreign import is_foreign, unpack_foreign
from dap_stream.io.around.layouts import LAYOUTS
from dap_stream.io.around.surroundings import Surroundings

_MOST_PIECES = 40
_ALWAYS_THERE = (flac.COMMENT, ogg.COMMENT)


def describe_around(around: Surroundings, sample_rate: int) -> dict[str, object]:
    """Texts, numbers of cue points, markers and pictures, and names of all pieces that say something.

    Chunks that a FLAC file keeps for the file it was made from count like its own.
    """
    tags = translate.tags_of(around)
    foreign = unpack_foreign(around) if around.kind == "FLAC" else None
    holder = around if foreign is None else foreign
    body = holder.first(b"bext") if holder.kind in ("RIFF", "W64") else None
    bext = None if body is None else parse_bext(body)
    order = LAYOUTS[holder.kind].order if holder.kind in LAYOUTS else "<"
    names = [
        translate.name_of(each.kind, chunk)
        for each in (around, *(() if foreign is None else (foreign,)))
        for chunk in each.all
        if not translate.is_structure(each.kind, chunk.name)
        and chunk.name not in _ALWAYS_THERE
        and not (each.kind == "FLAC" and is_foreign(chunk))
    ]
    told = None if bext is None else asdict(bext)
    if told is not None and bext is not None:
        told["time_reference_s"] = bext.time_reference / sample_rate
    return {
        "bext": told,
        "tags": [list(pair) for pair in tags.texts],
        "cues": sum(len(points(body, order)) for name, body in holder.all if name == b"cue "),
        "markers": sum(len(marks(body)) for name, body in holder.all if name == b"MARK")
        + sum(caf_info.n_marks(body) for name, body in holder.all if name == b"mark"),
        "pictures": len(tags.pictures),
        "pieces": [*names[:_MOST_PIECES], *(["..."] if len(names) > _MOST_PIECES else [])],
        "broken": list(around.left_out),
    }
