"""How much audio a file holds, against what its header says.

Decoders believe the header: what a file has less of, they leave away without a word, and what it has more
of, they do not find. Here both are looked for, before a sample is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dap_stream.io.audio_span import Span, find_audio
from dap_stream.io.behind_audio import Behind, what_is_behind
from dap_stream.io.flac_frames import flac_extent
from dap_stream.io.mp3_headers import behind_xing_stream, xing_stream
from dap_stream.io.ogg_pages import ogg_extent
from dap_stream.io.patched_file import Patch

_WRAP = 2**32  # sizes of 32 bits begin anew there
_RIFF_OPEN = b"\x08\0\0\0"  # with a size of 0 of the audio: libsndfile takes all that follows


@dataclass(frozen=True)
class Extent:
    """Of the audio in a file, in bytes, or in samples where only ratios matter.

    Parameters
    ----------
    stated
        By the header, or up to the second recording.
    whole
        As much should be there.
    present
        As much is there, of ``whole``.
    behind
        What stands behind ``stated``.
    is_last_page
        Only the last page of Ogg, or frame of FLAC, is meant.
    n_bytes
        Of the audio, where a decoder does not find the end itself.
    n_samples
        Of the audio, where a decoder only finds out on the way.
    patches
        With these a decoder finds all of it.
    """

    stated: int
    whole: int
    present: int
    behind: Behind = Behind.NOTHING
    is_last_page: bool = False
    n_bytes: int | None = None
    n_samples: int | None = None
    patches: tuple[Patch, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether there is less than the header says."""
        return self.present < self.whole


def find_extent(path: Path) -> Extent | None:
    """Of WAV, RF64, W64, AIFF, AU, CAF, FLAC, Ogg, MP3 with a Xing header; None where nothing can be said."""
    size = path.stat().st_size
    span = find_audio(path)
    with path.open("rb") as file:
        if span is not None:
            return _of_samples(file, span, size)
        magic = file.read(4)
        if magic == b"OggS":
            return _of_ogg(file, size)
        if magic == b"fLaC":
            return _of_flac(file, size)
        return _of_mp3(file, size)


def _of_samples(file: BinaryIO, span: Span, size: int) -> Extent:
    rest = max(0, size - span.start)
    stated = span.promised
    if stated is None:
        return Extent(rest, rest, rest, n_bytes=rest, patches=_patches(span, rest))
    if stated >= rest:
        return Extent(stated, stated, rest)
    if span.container in ("RIFF", "AIFF", "AU"):
        for whole in range(stated, rest + 1, _WRAP):
            if what_is_behind(file, span, whole, size) is Behind.NOTHING:
                patches = () if whole == stated else _patches(span, whole)
                return Extent(whole, whole, whole, n_bytes=whole, patches=patches)
    behind = what_is_behind(file, span, stated, size)
    if behind is Behind.MORE:
        behind = behind if stated else Behind.NOTHING  # nobody came back to fill it in
        return Extent(stated, rest, rest, behind, n_bytes=rest, patches=_patches(span, rest))
    whole = rest if behind is Behind.ANOTHER else stated
    return Extent(stated, whole, whole, behind, n_bytes=stated)


def _patches(span: Span, n_bytes: int) -> tuple[Patch, ...]:
    """The size that is true, in the place of the one that is there."""
    if span.container == "RIFF":
        return ((4, _RIFF_OPEN[:: -1 if span.size_layout[0] == ">" else 1]), (span.size_at, bytes(4)))
    if span.container == "W64":
        return ()  # libsndfile reads to the end, whatever the size
    if span.container in ("AIFF", "AU") and n_bytes + span.n_before >= _WRAP:
        return ((span.size_at, bytes(4) if span.container == "AIFF" else b"\xff" * 4),)
    return ((span.size_at, span.size_of(n_bytes)),)


def _of_ogg(file: BinaryIO, size: int) -> Extent | None:
    found = ogg_extent(file)
    if found is None:
        return None
    if found.second_at is not None:
        return Extent(found.second_at, size, size, Behind.ANOTHER)
    n_bytes = found.last.n_bytes
    return Extent(n_bytes, n_bytes, min(n_bytes, size - found.last.start), is_last_page=True)


def _of_flac(file: BinaryIO, size: int) -> Extent | None:
    found = flac_extent(file, size)
    if found is None:
        return None
    if found.second_at is not None:
        return Extent(found.second_at, size, size, Behind.ANOTHER)
    if found.found is None:
        # Where a length is stated, the decoder notices what is missing; else it takes a fault for the end.
        return None if found.promised else Extent(1, 1, 0, is_last_page=True)
    if 0 < found.promised < found.found:
        return Extent(found.promised, found.found, found.found, Behind.MORE)
    return Extent(found.found, found.found, found.found, n_samples=found.found)


def _of_mp3(file: BinaryIO, size: int) -> Extent | None:
    span = xing_stream(file)
    if span is None:
        return None
    start, n_bytes = span
    more_at = behind_xing_stream(file, start, n_bytes)
    if more_at is not None:
        return Extent(more_at - start, size - start, size - start, Behind.MORE)
    return Extent(n_bytes, n_bytes, min(n_bytes, size - start))
