"""Chunks of WAV, RF64, Wave64, AIFF and CAF, as they are read."""

from __future__ import annotations

from typing import BinaryIO

from dap_stream.io.around.layouts import KIND_OF_MAGIC, LAYOUTS, Layout
from dap_stream.io.around.surroundings import Collector, Surroundings

_LITTLE = 8  # bytes at the end of a file that are no more than padding
_ID3V1_BYTES = 128


def read_chunks(file: BinaryIO, magic: bytes, audio_end: int, size: int) -> Surroundings:
    """All chunks of a file of ``size`` bytes whose samples end there."""
    kind = KIND_OF_MAGIC[magic]
    layout = LAYOUTS[kind]
    collector = Collector(file, size)
    before, behind = [], []
    for name, start, n_bytes in layout.walk(file, layout.first):
        if name == layout.audio or collector.is_full:
            break
        if (chunk := collector.take(name, start, n_bytes)) is not None and name != b"ds64":
            before.append(chunk)
    position = _begin_behind(file, layout, audio_end, size)
    end = position
    for name, start, n_bytes in layout.walk(file, position):
        if not _is_chunk(layout, name, start, n_bytes, size) or collector.is_full:
            break
        if name == layout.audio:
            collector.left_out.append("a second chunk of samples")
        elif (chunk := collector.take(name, start, n_bytes)) is not None:
            behind.append(chunk)
        end = start + max(0, n_bytes)
    if size - end > _LITTLE and not collector.is_full:
        file.seek(end)
        if any(file.read(min(size - end, 65536))):
            collector.left_out.append(f"{size - end} bytes at the end, which are no chunk")
    return Surroundings(kind, tuple(before), tuple(behind), magic, tuple(collector.left_out))


def _is_chunk(layout: Layout, name: bytes, start: int, n_bytes: int, size: int) -> bool:
    """Whether it can be one. The old tag of MP3 at the end of a file is none, though it looks like one."""
    if len(name) == 16:
        return True
    is_last = 0 <= size - start - n_bytes < layout.pad
    if name.startswith(b"TAG") and start - layout.n_head == size - _ID3V1_BYTES and not is_last:
        return False
    return all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in name)


def _begin_behind(file: BinaryIO, layout: Layout, audio_end: int, size: int) -> int:
    """Where the first chunk behind the samples stands; writers that forget the padding are known."""
    padded = audio_end + -audio_end % layout.pad
    for position in (padded, audio_end):
        name, start, n_bytes = next(layout.walk(file, position), (b"", 0, size))
        if name and _is_chunk(layout, name, start, n_bytes, size) and 0 <= n_bytes <= size - start:
            return position
    return padded
