"""Metadata around the samples of a recording, fitted to a result in the same kind of file."""

from __future__ import annotations

from dataclasses import replace

from dap_stream.io.around import aiff_marks, caf_info, flac, id3, mp3, ogg, vorbis_comment
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.fit_riff import fit_riff
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.formats import FileFormat

_APE_MEASURED = (b"replaygain_", b"mp3gain_")
# Places in these are known to other programs only, or times in them to none that we could ask.
_LOST_IN_A_CUT = {
    "RIFF": (b"r64m",),
    "AIFF": (b"SAXL", b"MIDI"),
    "CAF": (b"regn", b"edct", b"midi"),
    "FLAC": (flac.CUESHEET,),
}
_RELATIVES = {"RIFX": "RIFF", "W64": "RIFF"}
_CAF_OWN = (b"chan", b"kuki", b"pakt", b"peak", b"ovvw")  # written anew, or a picture of the old samples


def fit(around: Surroundings, cut: Cut, result: FileFormat) -> tuple[Surroundings, tuple[bytes, ...]]:
    """Fitted to these samples of it, and names of pieces that cannot be."""
    lost = () if cut.is_whole else _LOST_IN_A_CUT.get(_RELATIVES.get(around.kind, around.kind), ())
    unfit = tuple(chunk.name for chunk in around.all if chunk.name in lost)
    around = replace(
        around,
        before=tuple(chunk for chunk in around.before if chunk.name not in lost),
        behind=tuple(chunk for chunk in around.behind if chunk.name not in lost),
    )
    if around.kind in ("RIFF", "RIFX", "W64"):
        return fit_riff(around, cut, result), unfit
    kept = {
        number
        for name, body in around.all
        if name == b"MARK"
        for number, sample, _ in aiff_marks.marks(body)
        if cut.place(sample) is not None
    }

    def fitted(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        found = ((chunk.name, _fitted(around.kind, chunk, cut, kept)) for chunk in chunks)
        return tuple(Chunk(name, body) for name, body in found if body is not None)

    return replace(around, before=fitted(around.before), behind=fitted(around.behind)), unfit


def _fitted(kind: str, chunk: Chunk, cut: Cut, kept: set[int]) -> bytes | None:
    name, body = chunk
    if kind == "AIFF":
        return _fitted_aiff(name, body, cut, kept)
    if kind == "CAF":
        if name in _CAF_OWN:
            return None
        return caf_info.moved_mark(body, cut) if name == b"mark" and not cut.is_whole else body
    if kind in ("FLAC", "OGG") and name in (flac.COMMENT, ogg.COMMENT):
        return vorbis_comment.without_measured(body)
    if name == mp3.ID3:
        return id3.without_measured(body, not cut.is_whole)[0]
    if name == mp3.APE and any(word in body.lower() for word in _APE_MEASURED):
        return None
    return body


def _fitted_aiff(name: bytes, body: bytes, cut: Cut, kept: set[int]) -> bytes | None:
    if name in (b"ID3 ", b"id3 "):
        return id3.without_measured(body, not cut.is_whole)[0]
    if cut.is_whole:
        return body
    if name == b"MARK":
        return aiff_marks.moved_marks(body, cut)
    if name == b"COMT":
        return aiff_marks.kept_comments(body, kept)
    return aiff_marks.kept_loops(body, kept) if name == b"INST" else body
