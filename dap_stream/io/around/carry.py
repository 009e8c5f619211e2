"""Metadata of a recording for its result."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dap_stream.io.around import translate
from dap_stream.io.around.au import AuWriter
from dap_stream.io.around.base import Writer
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.fit import fit
from dap_stream.io.around.fit_riff import FILLERS
from dap_stream.io.around.flac import FlacWriter
from dap_stream.io.around.foreign import is_foreign, pack_foreign, unpack_foreign
from dap_stream.io.around.layouts import LAYOUTS
from dap_stream.io.around.mp3 import Mp3Writer
from dap_stream.io.around.ogg import OggWriter
from dap_stream.io.around.surroundings import Surroundings
from dap_stream.io.around.write_chunks import ChunkWriter
from dap_stream.io.formats import FileFormat

_KINDS = {
    "WAV": "RIFF", "WAVEX": "RIFF", "RF64": "RIFF", "W64": "W64", "AIFF": "AIFF", "CAF": "CAF",
    "FLAC": "FLAC", "OGG": "OGG", "MP3": "MP3", "AU": "AU",
}  # fmt: skip


@dataclass(frozen=True)
class Carried:
    """Pieces for a result, and the names of those that it cannot have."""

    surroundings: Surroundings
    lost: tuple[str, ...] = ()

    @property
    def n_bytes(self) -> int:
        """About as many does a file get longer."""
        return sum(len(chunk.body) + 32 for chunk in self.surroundings.all)


def kind_of(file_format: FileFormat) -> str:
    """The kind of `Surroundings` of a file of this format; nothing if it has none."""
    kind = _KINDS.get(file_format.container, "")
    return "RIFX" if kind == "RIFF" and file_format.endian == "BIG" else kind


def carry(around: Surroundings, cut: Cut, result: FileFormat, n_samples: int | None) -> Carried:
    """Fit and translate it.

    Parameters
    ----------
    around
        Of the recording.
    cut
        The part of it that the result is made from.
    result
        Format of the result.
    n_samples
        Of the result, None if it is not known yet.
    """
    kind = kind_of(result)
    foreign = unpack_foreign(around) if around.kind == "FLAC" else None
    if foreign is not None:
        around = replace(around, before=tuple(block for block in around.before if not is_foreign(block)))
        foreign, _ = fit(foreign, cut, result)
    fitted, unfit = fit(around, cut, result)
    lost = [translate.name_of(around.kind, chunk) for chunk in around.all if chunk.name in unfit]
    if foreign is not None and foreign.kind == kind:
        return Carried(_with_tags_of(foreign, fitted), tuple(lost))
    if fitted.kind == kind:
        blocks = () if foreign is None or n_samples is None else pack_foreign(foreign, n_samples)
        if foreign is not None and not blocks:
            lost += translate.untranslated(foreign)
        return Carried(replace(fitted, before=fitted.before + blocks), tuple(lost))
    if {fitted.kind, kind} == {"RIFF", "W64"}:
        return _renamed(fitted, kind)
    if foreign is not None:
        lost += translate.untranslated(foreign)
    tags = translate.meant(translate.tags_of(fitted))
    made = translate.made_of_tags(kind, tags)
    if kind == "FLAC" and n_samples is not None and (blocks := pack_foreign(fitted, n_samples)):
        return Carried(replace(made, before=made.before + blocks), tuple(lost))
    lost += translate.untranslated(fitted)
    if tags.texts and not translate.tags_of(made).texts:
        lost.append("texts")
    if len(tags.pictures) > len(translate.tags_of(made).pictures):
        lost.append("pictures")
    return Carried(made, tuple(dict.fromkeys(lost)))


def _with_tags_of(foreign: Surroundings, flac: Surroundings) -> Surroundings:
    """Chunks as they were put into FLAC, with tags only if they had none: others may be newer, or longer."""
    if translate.tags_of(foreign):
        return foreign
    made = translate.made_of_tags(foreign.kind, translate.meant(translate.tags_of(flac)))
    return replace(foreign, before=foreign.before + made.before, behind=foreign.behind + made.behind)


def _renamed(around: Surroundings, kind: str) -> Carried:
    """Chunks of WAV in Wave64 and the other way round: all that it can name."""
    layout = LAYOUTS[kind]
    before, behind = (
        tuple(chunk for chunk in chunks if chunk.name not in FILLERS and layout.can_hold(chunk))
        for chunks in (around.before, around.behind)
    )
    lost = [translate.name_of(around.kind, chunk) for chunk in around.all if not layout.can_hold(chunk)]
    return Carried(Surroundings(kind, before, behind), tuple(lost))


def make_writer(carried: Carried, result: FileFormat, container: str) -> Writer | None:
    """The writer for samples that libsndfile writes in ``container``; None if there is nothing to write."""
    around = carried.surroundings
    if not around.all:
        return None
    if around.kind == "RIFX" and container == "RF64":
        return None  # there is no long form of it
    if around.kind in LAYOUTS:
        keeps_room = container == "RF64" and result.container != "RF64"
        return ChunkWriter(around, keeps_room, result.container == "WAVEX")
    if around.kind == "FLAC":
        return FlacWriter(around)
    if around.kind == "AU":
        return AuWriter(around)
    if around.kind == "OGG":
        return OggWriter(around)
    return Mp3Writer(around) if around.kind == "MP3" else None
