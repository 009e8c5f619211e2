"""Metadata around the samples of a file, whatever its kind."""

from __future__ import annotations

from pathlib import Path

from dap_stream.io.around.au import read_au
from dap_stream.io.around.flac import read_flac
from dap_stream.io.around.layouts import KIND_OF_MAGIC, LAYOUTS
from dap_stream.io.around.mp3 import read_mp3
from dap_stream.io.around.ogg import read_ogg
from dap_stream.io.around.read_chunks import read_chunks
from dap_stream.io.around.surroundings import Surroundings


def read_around(path: Path, container: str, audio_end: int | None) -> Surroundings:
    """All pieces of a file but the samples.

    Parameters
    ----------
    path
        The file.
    container
        As `FileFormat` has it.
    audio_end
        Where the samples end, for files that are a row of chunks; None at the end of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        kind = KIND_OF_MAGIC.get(magic, "")
        if kind in LAYOUTS:
            return read_chunks(file, magic, size if audio_end is None else audio_end, size)
        if kind == "AU":
            return read_au(file, magic, size)
        if kind == "FLAC":
            return read_flac(file, size)
        if kind == "OGG":
            return read_ogg(file)
        if container == "MP3":
            return read_mp3(file, size)
    told = ("an ID3 tag in front of it, and all that is behind that but the samples",)
    return Surroundings(left_out=told if magic[:3] == b"ID3" else ())
