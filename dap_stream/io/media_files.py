"""Files of phones and cameras: how they are recognised, and how they are opened with PyAV.

What a file is, its first bytes say, not its name. Only the reader that was found that way is opened: FFmpeg
has others (play lists, lists of files to join) that would go on to open what a file names.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dap_stream.errors import InputError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from av.container import InputContainer

_HEAD_BYTES = 1024
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_TS_PACKETS = ((0, 188), (4, 192))  # where the first one starts, and bytes of one: broadcast, and cameras


def media_reader(path: str | Path) -> str | None:
    """FFmpeg's name of what reads this file; None if it is none of a phone or camera."""
    try:
        if not Path(path).is_file():
            return None  # opening a named pipe would wait for its other end
        with Path(path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return None  # whoever opens it says what is wrong
    return _reader_of(head)


def _reader_of(head: bytes) -> str | None:
    if head[4:8] in _BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(_ASF):
        return "asf"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"#!AMR"):
        return "amr"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    if len(head) > 6 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"  # without a container; MP3 has a layer where this has zeros
    for first, size in _TS_PACKETS:
        if len(head) > first + 3 * size and all(head[first + n * size] == 0x47 for n in range(4)):
            return "mpegts"
    return None


def load_av(name: str | Path) -> ModuleType:
    """PyAV; SettingError that says what to install for the file ``name`` if it is not there."""
    try:
        import av
    except ImportError as error:
        raise SettingError(
            f"{name}: is a file of a phone or camera, which needs PyAV: pip install 'dap-stream[media]'"
        ) from error
    return av


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container in ``path``; InputError if it cannot be opened."""
    av = load_av(path)
    reader = media_reader(path)
    with path.open("rb") as file:
        container = _open(av, path, file, reader)
        with container:
            yield container


def _open(av: ModuleType, path: Path, file: BinaryIO, reader: str | None) -> InputContainer:
    try:
        # Words of other languages that were cut in the middle of a letter are no reason to refuse a film.
        container: InputContainer = av.open(file, "r", format=reader, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{path}: cannot be opened ({reason}): damaged, or truncated before the list of its pieces, "
            "which many phones write last; copy it again from its origin"
        ) from error
    return container
