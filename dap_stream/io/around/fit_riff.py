"""Chunks of WAV, RF64 and Wave64 fitted to a result: what tells of the samples or of places in them."""

from __future__ import annotations

from dap_stream.core.version import __version__
from dap_stream.io.around.bext import coding_history, updated_bext
from dap_stream.io.around.cue_points import MovedCues, moved_smpl
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.field_notes import moved_guano, moved_ixml
from dap_stream.io.around.id3 import without_measured
from dap_stream.io.around.layouts import LAYOUTS
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.formats import FileFormat

FILLERS = (b"JUNK", b"junk", b"FLLR", b"PAD ", b"Fake", b"filr")
# Drawn or summed up from samples that are others now.
_MEASURED = (b"levl", b"MD5 ")
_DS64_BYTES = 28


def fit_riff(around: Surroundings, cut: Cut, result: FileFormat) -> Surroundings:
    """The chunks for a result of these samples of the recording."""
    order = LAYOUTS[around.kind].order
    cues = None if cut.is_whole else MovedCues(around.all, cut, order)

    def fitted(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        found = (_fitted(chunk, cut, cues, result, order) for chunk in chunks)
        return tuple(chunk for chunk in found if chunk is not None)

    before = fitted(around.before)
    n_more = _padded(before) - _padded(around.before)
    if cut.is_whole and n_more > 0:
        before = _absorbed(before, n_more)
    return Surroundings(around.kind, before, fitted(around.behind), around.magic, around.left_out)


def _fitted(chunk: Chunk, cut: Cut, cues: MovedCues | None, result: FileFormat, order: str) -> Chunk | None:
    name, body = chunk
    new: bytes | None = body
    if name in _MEASURED:
        new = None
    elif name == b"bext" and order == "<":
        bits = result.bits or (8 * (result.sample_bytes or 0) // result.channels or None)
        history = coding_history(result.sample_rate, bits, result.channels, __version__)
        new = updated_bext(body, cut.start, history)
    elif name in (b"id3 ", b"ID3 "):
        new, _ = without_measured(body, not cut.is_whole)
    elif cues is not None:
        if name == b"cue ":
            new = cues.cue(body)
        elif name == b"LIST" and body[:4] == b"adtl" and cues.has_cue:
            new = cues.labels(body)
        elif name == b"plst":
            new = cues.playlist(body)
        elif name == b"smpl":
            new = moved_smpl(body, cut, order)
        elif name == b"iXML":
            new = moved_ixml(body, cut.start)
        elif name == b"guan":
            new = moved_guano(body, cut)
    return None if new is None else Chunk(name, new)


def _padded(chunks: tuple[Chunk, ...]) -> int:
    return sum(8 + len(chunk.body) + len(chunk.body) % 2 for chunk in chunks)


def _absorbed(before: tuple[Chunk, ...], n_more: int) -> tuple[Chunk, ...]:
    """With so many bytes less in a chunk that says nothing, so that the samples stay where they were.

    Recorders have them at the begin of a sector.
    """
    for place in reversed(range(len(before))):
        name, body = before[place]
        least = _DS64_BYTES if place == 0 else 0
        if name in FILLERS and len(body) - n_more >= least and not any(body[-n_more:]):
            return (*before[:place], Chunk(name, body[:-n_more]), *before[place + 1 :])
    return before
