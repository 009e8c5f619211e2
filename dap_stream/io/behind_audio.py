"""Bytes in a file behind the audio that its header tells of: chunks, tags, or more audio."""

from __future__ import annotations

import struct
from enum import Enum
from typing import BinaryIO

from dap_stream.io.audio_span import Span
from dap_stream.io.container_headers import MOST_CHUNKS

_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b"caff", b"riff", b".snd", b"dns.", b"fLaC", b"OggS")
_ID3V1_BYTES = 128
_TAGS = (b"TAG", b"ID3", b"3DI", b"APETAGEX", b"LYRICSBEGIN")
_LAYOUTS = {  # head of a chunk, and what its length is rounded up to
    "RIFF": ("<4sI", 2),
    "RF64": ("<4sI", 2),
    "AIFF": (">4sI", 2),
    "CAF": (">4sQ", 1),
}
# Chunks that stand behind the audio in files as they are met; others have to end where the file does.
_KNOWN_NAMES = (
    b"LISTINFOid3 ID3 bextiXMLcue smplinstfactPEAKJUNKjunkFLLRPAD _PMXaxmlchnaumidafspdispDISPacidstrclevl"
    b"minfelm1regnSAURLGWVovwfinfofreeuuidstrgmarkmidipaktedctMARKCOMTNAMEAUTHANNO(c) APPLMIDIINSTSAXLAESD"
    b"COMMwamdguanplstr64mMD5 levlovvwnoteFakefilrLGDADGDASMEDTrknSNDM"
)
_KNOWN = frozenset(_KNOWN_NAMES[i : i + 4] for i in range(0, len(_KNOWN_NAMES), 4))
_LITTLE = 8  # bytes that are no more than padding
_BLOCK = 1 << 20


class Behind(Enum):
    """Kinds of what stands there."""

    NOTHING = "nothing that is audio"
    MORE = "more audio than the header says"
    ANOTHER = "another recording"


def what_is_behind(file: BinaryIO, span: Span, n_bytes: int, size: int) -> Behind:
    """Behind ``n_bytes`` of audio, in a file of ``size`` bytes."""
    end = span.start + n_bytes
    if size - end <= _LITTLE:
        return Behind.NOTHING
    if span.container == "W64":
        return _behind_w64(file, end + (-end) % 8, size)
    if span.container in _LAYOUTS:
        layout, pad = _LAYOUTS[span.container]
        if span.size_layout[0] == ">":
            layout = f">{layout[1:]}"
        # Writers that forget the padding are known.
        rests = {_after_chunks(file, begin, size, layout, pad) for begin in (end, end + (-end) % pad)}
        end = max(rests)
    return _kind(file, end, size)


def _after_chunks(file: BinaryIO, position: int, size: int, layout: str, pad: int) -> int:
    """Where the chunks end that begin there."""
    n_head = struct.calcsize(layout)
    begin, is_known = position, True
    for _ in range(MOST_CHUNKS):
        if position + n_head > size:
            return size
        file.seek(position)
        name, n_bytes = struct.unpack(layout, file.read(n_head))
        is_name = all(0x20 <= byte < 0x7F for byte in name)
        is_id3v1 = name.startswith(b"TAG") and size - position == _ID3V1_BYTES  # else a chunk of that name
        if not is_name or name in _MAGICS or is_id3v1:
            break
        is_known = is_known and name in _KNOWN
        after = position + n_head + n_bytes + n_bytes % pad
        if after > size + pad - 1:
            return size if is_known else begin
        position = after
    else:
        return size if is_known else begin
    return position if is_known else begin


def _behind_w64(file: BinaryIO, position: int, size: int) -> Behind:
    for _ in range(MOST_CHUNKS):
        if position + 24 > size:
            break
        file.seek(position)
        head = file.read(24)
        n_bytes = struct.unpack("<Q", head[16:])[0]
        if head[:4] == b"riff":
            return Behind.ANOTHER
        if n_bytes < 24 or position + n_bytes > size + 7:
            return _kind(file, position, size)
        position += n_bytes + (-n_bytes) % 8
    return Behind.NOTHING


def _kind(file: BinaryIO, position: int, size: int) -> Behind:
    """Kind of what begins there and ends with the file: tags, a recording, zeros, or anything else."""
    if size - position <= _LITTLE:
        return Behind.NOTHING
    file.seek(position)
    head = file.read(12)
    if head.startswith(_TAGS):
        return Behind.NOTHING
    if head.startswith(_MAGICS):
        return Behind.ANOTHER
    file.seek(position)
    while block := file.read(_BLOCK):
        if block.count(0) < len(block):
            return Behind.MORE
    return Behind.NOTHING  # room that was taken before the recording, and not used
