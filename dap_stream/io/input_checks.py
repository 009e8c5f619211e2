"""Checks of an input file, made before and beside the decoder."""

from __future__ import annotations

import stat
from pathlib import Path

from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError
from dap_stream.io.behind_audio import Behind
from dap_stream.io.extent import Extent
from dap_stream.io.mp3_headers import mp3_kinds_of_frames


def check_readable(path: Path) -> None:
    """InputError for everything that is wrong before a decoder looks at it."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: is a folder, not an audio file; name the files in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path}: is not a regular file; use - to read from a pipe")
        with path.open("rb") as file:
            if not file.read(1):
                raise InputError(f"{path}: is empty (0 bytes); copy or record it again")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the name and the folder") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except ValueError as error:  # a character 0
        raise InputError(f"{str(path)!r}: cannot be the name of a file; choose another") from error
    if path.suffix.lower() == ".raw":
        raise InputError(f"{path}: raw samples have no header; pipe them in and name their format with --raw")


def check_complete(path: Path, extent: Extent | None, seconds: float | None) -> None:
    """InputError unless the audio ends where the header says; ``seconds`` is what the decoder sees."""
    if extent is None:
        return
    if extent.is_short:
        if extent.is_last_page and not seconds:
            what_is_left = "its last part is not whole"
        elif seconds is None:
            what_is_left = f"{100.0 * extent.present / extent.whole:.1f} % of the bytes are there"
        elif extent.is_last_page:
            what_is_left = f"it breaks off after {format_seconds(seconds, 3)}"
        else:
            whole = seconds * extent.whole / max(extent.present, 1)
            what_is_left = f"{format_seconds(seconds, 3)} of {format_seconds(whole, 3)} are there"
        raise InputError(
            f"{path}: truncated: {what_is_left}; copy it again, or save what is there as a new file"
        )
    if extent.behind is not Behind.NOTHING and not extent.patches:
        if seconds:
            whole = seconds * extent.whole / max(extent.stated, 1)
            what_is_read = f"{format_seconds(seconds, 3)} of about {format_seconds(whole, 3)}"
        else:
            what_is_read = f"{100.0 * extent.stated / extent.whole:.1f} % of the bytes"
        raise InputError(
            f"{path}: holds {extent.behind.value}: {what_is_read} would be read; "
            "convert it to one recording first (ffmpeg -f concat joins the parts)"
        )


def doubt_of(extent: Extent | None, seconds: float) -> str | None:
    """A remark on a file of ``seconds`` whose header is wrong, and was put right."""
    if extent is None or extent.behind is not Behind.MORE:
        return None
    stated = seconds * extent.stated / max(extent.whole, 1)
    return (
        f"its header tells of {format_seconds(stated, 3)}, and {format_seconds(seconds, 3)} of audio are "
        "there: all of it is read"
    )


def is_length_known(path: Path, container: str) -> bool:
    """Whether the decoder's length is right; InputError for an MP3 of which it would drop the end."""
    if container != "MP3":
        return True
    n_kinds = mp3_kinds_of_frames(path)
    if n_kinds > 1:
        raise InputError(
            f"{path}: MP3 of variable bit rate that does not say its length, or several joined; convert it "
            "to WAV or FLAC first"
        )
    return n_kinds == 0
