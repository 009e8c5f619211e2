"""Metadata around the samples of a recording, fitted to a result in the same kind of file."""

from __future__ import annotations

from dap_stream.io.around import aiff_marks, caf_info, flac, id3, mp3, ogg, vorbis_comment
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.fit_riff import fit_riff
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.formats import FileFormat

_APE_MEASURED = (b"replaygain_", b"mp3gain_")
# Places in these are known to other programs only, or times in them to none that we could ask.
_LOST_IN_A_CUT = {
    "AIFF": (b"SAXL", b"MIDI"),
    "CAF": (b"regn", b"edct", b"midi"),
    "FLAC": (flac.CUESHEET,),
}
_CAF_OWN = (b"chan", b"kuki", b"pakt", b"peak", b"ovvw")  # written anew, or a picture of the old samples


def fit(around: Surroundings, cut: Cut, result: FileFormat) -> tuple[Surroundings, tuple[bytes, ...]]:
    """Fitted to these samples of it, and names of pieces that cannot be."""
    if around.kind in ("RIFF", "RIFX", "W64"):
        return fit_riff(around, cut, result), ()
    lost: list[bytes] = []

    def fitted(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        found = []
        for chunk in chunks:
            if not cut.is_whole and chunk.name in _LOST_IN_A_CUT.get(around.kind, ()):
                lost.append(chunk.name)
                continue
            body = _fitted(around.kind, chunk, cut, kept)
            if body is not None:
                found.append(Chunk(chunk.name, body))
        return tuple(found)

    kept = {
        number
        for name, body in around.all
        if name == b"MARK"
        for number, sample, _ in aiff_marks.marks(body)
        if cut.place(sample) is not None
    }
    before, behind = fitted(around.before), fitted(around.behind)
    return Surroundings(around.kind, before, behind, around.magic, around.left_out), tuple(lost)


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
