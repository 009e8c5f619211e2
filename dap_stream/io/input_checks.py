"""Checks of an input file, made before and beside the decoder."""

from __future__ import annotations

import stat
from pathlib import Path

from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError
from dap_stream.io.container_headers import audio_extent
from dap_stream.io.mp3_headers import mp3_bit_rates_without_length


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


def check_complete(path: Path, seconds: float | None) -> None:
    """InputError if the header promises more audio than there is; ``seconds`` is what the decoder sees."""
    extent = audio_extent(path)
    if extent is None or not extent.is_short:
        return
    if seconds is None:
        what_is_left = f"{100.0 * extent.present / extent.promised:.1f} % of the bytes are there"
    elif extent.is_last_page:
        what_is_left = f"it breaks off after {format_seconds(seconds, 3)}"
    else:
        whole = seconds * extent.promised / max(extent.present, 1)
        what_is_left = f"{format_seconds(seconds, 3)} of {format_seconds(whole, 3)} are there"
    raise InputError(f"{path}: truncated: {what_is_left}; copy it again, or save what is there as a new file")


def is_length_known(path: Path, container: str) -> bool:
    """Whether the decoder's length is right; InputError for an MP3 of which it would drop the end."""
    if container != "MP3":
        return True
    n_bit_rates = mp3_bit_rates_without_length(path)
    if n_bit_rates > 1:
        raise InputError(
            f"{path}: MP3 of variable bit rate that does not say its length; convert it to WAV or FLAC first"
        )
    return n_bit_rates == 0
