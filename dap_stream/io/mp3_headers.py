"""How long an MP3 file says it is, read from its frame headers."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

# kbit/s of layer III for each index in a frame header
_KBIT_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBIT_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


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
    flags = struct.unpack(">I", frame[at + 4 : at + 8])[0]
    if flags & 3 != 3:
        return None
    n_bytes = struct.unpack(">I", frame[at + 12 : at + 16])[0]
    # Encoders differ in whether the first frame counts: leave one frame of slack.
    return start, max(0, n_bytes - 2048)


def mp3_bit_rates_without_length(path: Path) -> int:
    """0 if an MP3 says its length; else 1 if its bit rate is constant, 2 if it is not.

    Without a Xing, Info or VBRI header libsndfile takes the length from the size of the file and the bit
    rate of the first frame: right to a frame with a constant rate; with another the end is dropped.
    """
    with path.open("rb") as file:
        position = _after_id3(file)
        file.seek(position)
        head = file.read(256)
        if any(word in head for word in (b"Xing", b"Info", b"VBRI")):
            return 0
        bit_rates: set[int] = set()
        while len(bit_rates) < 2:
            file.seek(position)
            frame = _mpeg_frame(file.read(4))
            if frame is None:
                break  # the end, or a tag there
            bit_rates.add(frame[0])
            position += frame[1]
    return max(1, len(bit_rates))


def _mpeg_frame(head: bytes) -> tuple[int, int] | None:
    """Bit rate (kbit/s) and length (bytes) of an MPEG layer III frame; None if this is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate_index, bit_index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or rate_index == 3 or bit_index in (0, 15):
        return None
    sample_rate = (44100, 48000, 32000)[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    bit_rate = (_KBIT_MPEG1 if version == 3 else _KBIT_MPEG2)[bit_index]
    n_bytes = (144 if version == 3 else 72) * 1000 * bit_rate // sample_rate + (head[2] >> 1 & 1)
    return bit_rate, n_bytes


def _after_id3(file: BinaryIO) -> int:
    """Where an MP3 stream begins: after the ID3v2 tag, if there is one."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(head[6:10]))
