"""The bext chunk of Broadcast Wave (EBU Tech 3285, version 2): time reference, loudness, coding history."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_DESCRIPTION, _ORIGINATOR, _REFERENCE, _DATE, _TIME = (0, 256), (256, 288), (288, 320), (320, 330), (330, 338)
_TIME_REFERENCE = 338
_VERSION = 346
_LOUDNESS = slice(412, 422)
_NOT_MEASURED = struct.pack("<5H", *[0x7FFF] * 5)
_HISTORY = 602
_MODES = {1: "mono", 2: "stereo"}


@dataclass(frozen=True)
class Bext:
    """Texts of a bext chunk, and the samples since midnight at which the recording starts."""

    description: str
    originator: str
    reference: str
    date: str
    time: str
    time_reference: int


def parse_bext(body: bytes) -> Bext | None:
    """None if it is too short to be one."""
    if len(body) < _VERSION:
        return None
    places = (_DESCRIPTION, _ORIGINATOR, _REFERENCE, _DATE, _TIME)
    description, originator, reference, date, time = (
        body[begin:end].split(b"\0")[0].decode("utf-8", "replace").strip() for begin, end in places
    )
    time_reference = struct.unpack_from("<Q", body, _TIME_REFERENCE)[0]
    return Bext(description, originator, reference, date, time, time_reference)


def coding_history(sample_rate: int, bits: int | None, channels: int, version: str) -> bytes:
    """The line for this program (EBU R98)."""
    word = "" if bits is None else f"W={bits},"
    mode = f"M={_MODES[channels]}," if channels in _MODES else ""
    return f"A=PCM,F={sample_rate},{word}{mode}T=dap_stream {version}\r\n".encode()


def updated_bext(body: bytes, n_later: int, history: bytes) -> bytes:
    """For a result that starts ``n_later`` samples later, with a line of history behind those there.

    Loudness was measured of other samples. Free bytes behind the history are used up before it grows.
    """
    if len(body) < _HISTORY:
        return body
    data = bytearray(body[:_HISTORY])
    start = struct.unpack_from("<Q", data, _TIME_REFERENCE)[0]
    struct.pack_into("<Q", data, _TIME_REFERENCE, (start + n_later) % 2**64)
    if struct.unpack_from("<H", data, _VERSION)[0] >= 2:
        data[_LOUDNESS] = _NOT_MEASURED
    old = body[_HISTORY:].rstrip(b"\0")
    if old and not old.endswith(b"\n"):
        old += b"\r\n"
    new = old + history
    return bytes(data) + new + bytes(max(0, len(body) - _HISTORY - len(new)))
