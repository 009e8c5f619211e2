"""How long an MP3 file says it is, read from its frame headers."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

# kbit/s of layer III for each index in a frame header
_KBIT_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)

_SLACK = 2048  # bytes, more than the longest frame
_LOOKED_AT = 1 << 16  # bytes behind a stream in which the frames of another are looked for


def xing_stream(file: BinaryIO) -> tuple[int, int] | None:
    """Start and length of an MP3 stream with a Xing or Info header in its first frame."""
    start = _after_id3(file)
    file.seek(start)
    frame = file.read(256)
    if len(frame) < 256 or frame[0] != 0xFF or frame[1] & 0xE0 != 0xE0:
        return None
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    if not 0 < at < 200:
        return None
    flags, _, n_bytes = struct.unpack(">III", frame[at + 4 : at + 16])
    # Encoders differ in whether the first frame counts: leave one frame of slack.
    return (start, max(0, n_bytes - _SLACK)) if flags & 3 == 3 else None


def behind_xing_stream(file: BinaryIO, start: int, n_bytes: int) -> int | None:
    """Where more audio begins behind the stream that `xing_stream` found; None if there is none."""
    begin = start + n_bytes + 2 * _SLACK
    file.seek(begin)
    data = file.read(_LOOKED_AT)
    for at in range(len(data) - 3):
        if data[at] == 0xFF and (frame := _mpeg_frame(data[at : at + 4])) is not None:
            following = _mpeg_frame(data[at + frame.n_bytes : at + frame.n_bytes + 4])
            if following is not None and following.sample_rate == frame.sample_rate:
                return begin + at
    return None


def mp3_kinds_of_frames(path: Path) -> int:
    """0 if an MP3 says its length; else 1 if its frames are all of one kind, 2 if they are not.

    Without a Xing, Info or VBRI header libsndfile takes the length from the size of the file and the bit
    rate of the first frame: right to a frame with a constant rate; with another the end is dropped.
    """
    with path.open("rb") as file:
        position = _after_id3(file)
        file.seek(position)
        head = file.read(256)
        if any(word in head for word in (b"Xing", b"Info", b"VBRI")):
            return 0
        kinds: set[tuple[int, int, bool]] = set()
        while len(kinds) < 2:
            file.seek(position)
            frame = _mpeg_frame(file.read(4))
            if frame is None:
                following = _after_id3(file, position)  # a second file, put behind the first with its tag
                if following == position:
                    break  # the end, or a tag there
                position = following
                continue
            kinds.add((frame.bit_rate, frame.sample_rate, frame.is_mono))
            position += frame.n_bytes
    return max(1, len(kinds))


class _Frame(NamedTuple):
    bit_rate: int  # kbit/s
    sample_rate: int  # Hz
    is_mono: bool
    n_bytes: int


def _mpeg_frame(head: bytes) -> _Frame | None:
    """An MPEG layer III frame by its first four bytes; None if this is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate_index, bit_index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate_index == 3 or bit_index in (0, 15):
        return None
    sample_rate = (44100, 48000, 32000)[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    bit_rate = (_KBIT_MPEG1 if version == 3 else _KBIT_MPEG2)[bit_index]
    n_bytes = (144 if version == 3 else 72) * 1000 * bit_rate // sample_rate + (head[2] >> 1 & 1)
    return _Frame(bit_rate, sample_rate, head[3] >> 6 == 3, n_bytes)


def _after_id3(file: BinaryIO, position: int = 0) -> int:
    """Where an MP3 stream begins: after the ID3v2 tag, if there is one."""
    file.seek(position)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return position
    return position + 10 + sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(head[6:10]))
