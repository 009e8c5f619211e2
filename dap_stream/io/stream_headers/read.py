"""The header of a stream of any kind that can be read without going back."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.errors import InputError
from dap_stream.io.stream_headers.aiff import read_aiff
from dap_stream.io.stream_headers.au import read_au
from dap_stream.io.stream_headers.base import HeaderReader, StreamHeader
from dap_stream.io.stream_headers.caf import read_caf
from dap_stream.io.stream_headers.w64 import read_w64
from dap_stream.io.stream_headers.wave import read_wave

# How streams begin that are audio, but need a file or a decoder.
_OTHERS = {
    b"fLaC": "FLAC",
    b"OggS": "Ogg",
    b"ID3": "MP3",
    b"\xff\xfb": "MP3",
    b"\xff\xf3": "MP3",
    b"\xff\xf2": "MP3",
    b"\xff\xfa": "MP3",
    b"\x1aE\xdf\xa3": "Matroska",
}


def read_stream_header(read: Callable[[int], bytes], name: str) -> StreamHeader:
    """Read up to the first sample. ``read(n)`` gives n bytes, fewer only at the end."""
    reader = HeaderReader(read, name)
    start = read(12)
    magic, kind = start[:4], start[8:]
    if magic in (b"RIFF", b"RIFX", b"RF64", b"BW64") and kind == b"WAVE":
        return read_wave(reader, magic)
    if magic == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return read_aiff(reader)
    if len(start) == 12:
        if magic == b"riff":
            return read_w64(reader)
        if magic in (b".snd", b"dns."):
            return read_au(reader, magic, start[4:])
        if magic == b"caff":
            return read_caf(reader, start[4:])
    for begin, other in _OTHERS.items():
        if start.startswith(begin):
            raise InputError(
                f"{name}: is {other}, which cannot be read from a pipe; "
                "send WAV (ffmpeg -i - -f wav -), or name a file"
            )
    raise InputError(
        f"{name}: is not a WAV stream (nor AIFF, AU, CAF or W64); send WAV, or name the raw format with --raw"
    )
