"""Decode times of packets whose container has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.packet import Packet

_MOST_HELD = 64  # packets of a track until one has a time; more than any codec reorders


def with_decode_times(packets: Iterable[Packet[Any]]) -> Iterator[Packet[Any]]:
    """The same packets, each with a ``dts``: Matroska and others have none, and the first ones stay without.

    They are held until one of the track has a time, and get those before it, a packet's duration apart, as
    the program ffmpeg gives them.
    """
    held: dict[int, list[Packet[Any]]] = {}
    known: set[int] = set()
    for packet in packets:
        index = packet.stream_index
        if not packet.size and packet.pts is None:
            continue  # the end of a track
        if packet.dts is None:
            held.setdefault(index, []).append(packet)
            if index in known or len(held[index]) >= _MOST_HELD:
                yield from _by_presentation(held.pop(index))
            continue
        known.add(index)
        before = held.pop(index, [])
        for place, early in enumerate(before):
            early.dts = packet.dts - (len(before) - place) * max(early.duration or 0, 1)
        yield from before
        yield packet
    for rest in held.values():
        yield from _by_presentation(rest)


def _by_presentation(packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
    """Where nothing else is known, they are decoded in the order in which they are seen."""
    for packet in packets:
        if packet.pts is not None:
            packet.dts = packet.pts
            yield packet
