"""A track of a film or recording, heard once from beginning to end before anything is done with it.

Containers state the length of their sound roughly or not at all; what a decoder gives is the truth. Decoding
is some hundred times faster than the sound itself, and is done once for each state of a file.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError
from dap_stream.io.media_decoder import MediaDecoder
from dap_stream.io.media_extent import stated_bytes
from dap_stream.io.media_files import media_reader
from dap_stream.io.media_format import MediaFormat, format_of
from dap_stream.io.media_timeline import Timeline
from dap_stream.io.media_tracks import has_picture

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

_FINE = Fraction(1, 8000)  # seconds of a unit of time stamps that counts samples, about
_LANDMARK_S = 0.25  # between places that a jump can find again


@dataclass(frozen=True)
class Landmarks:
    """Time stamps of some frames, rising, and the position of the first sample of each."""

    stamps: array[int]
    positions: array[int]

    def add(self, stamp: int, position: int) -> None:
        """Keep this frame, unless its time stamp goes back."""
        if not self.stamps or stamp > self.stamps[-1]:
            self.stamps.append(stamp)
            self.positions.append(position)

    def before(self, position: int) -> int | None:
        """The last of these time stamps that is not behind ``position``."""
        at = bisect_right(self.positions, position) - 1
        return None if at < 0 else self.stamps[at]

    def find(self, stamp: int) -> int | None:
        """Position of the frame with this time stamp; None if it is not one of these."""
        at = bisect_right(self.stamps, stamp) - 1
        return self.positions[at] if at >= 0 and self.stamps[at] == stamp else None


@dataclass(frozen=True)
class Scan:
    """Facts about a track. ``start`` is the time of its first sample, by the count of the container."""

    track: int
    n_tracks: int
    has_picture: bool
    format: MediaFormat
    n_samples: int
    start: Fraction
    landmarks: Landmarks
    n_damaged: int
    n_changes: int
    longest_gap_s: float
    timeline: Timeline


def scan(path: Path, track: int | None) -> Scan:
    """Hear the track (None: the default one) to its end; InputError if it cannot be, or is not whole."""
    status = path.stat()
    return _scan(path, track, os.path.realpath(path), status.st_mtime_ns, status.st_size, status.st_ino)


@lru_cache(maxsize=16)
def _scan(path: Path, track: int | None, *state: object) -> Scan:
    with MediaDecoder(path, track) as decoder:
        stream, container = decoder.stream, decoder.container
        known_s = (container.duration or 0) / 1e6
        longest_gap_s = known_s or 3600.0
        landmarks = Landmarks(array("q"), array("q"))
        timeline: Timeline | None = None
        found: MediaFormat | None = None
        for frame in decoder.frames():
            if timeline is None:
                found = format_of(stream, frame, media_reader(path) or "")
                timeline = Timeline(found.sample_rate, stream.time_base or Fraction(1, 1000), longest_gap_s)
                step = round(_LANDMARK_S * found.sample_rate)
            last = frame
            gap, drop = timeline.place(frame.pts, frame.samples)
            at = timeline.position - frame.samples
            is_next = not landmarks.positions or at >= landmarks.positions[-1] + step
            if frame.pts is not None and is_next and not gap and not drop:
                landmarks.add(frame.pts, at)
        if timeline is None or found is None:
            raise InputError(f"{path}: no sound in it can be decoded; copy it again from its origin")
        _check_whole(path, decoder, timeline)
        return Scan(
            decoder.track,
            len(container.streams.audio),
            has_picture(container),
            found,
            timeline.position - _padding(last, stream.time_base),
            timeline.start or Fraction(0),
            landmarks,
            decoder.n_damaged,
            decoder.n_changes,
            longest_gap_s,
            timeline,
        )


def _padding(last: AudioFrame, time_base: Fraction | None) -> int:
    """Samples behind the end, with which the encoder filled up the last frame; MP4 and MOV say it."""
    if not last.duration or time_base is None or time_base > _FINE:
        return 0
    return min(max(last.samples - round(last.duration * time_base * last.sample_rate), 0), last.samples)


def _check_whole(path: Path, decoder: MediaDecoder, timeline: Timeline) -> None:
    """InputError if the file breaks off."""
    present, stated = path.stat().st_size, stated_bytes(path, media_reader(path) or "")
    if stated is not None and present < stated:
        part = f": {100.0 * present / stated:.1f} % of the bytes are there"
    elif decoder.broke_off:
        part = ""
    else:
        return
    seconds = format_seconds(timeline.position / timeline.sample_rate, 3)
    raise InputError(
        f"{path}: truncated{part}, with {seconds} of sound; copy it again, or save what is there as a new "
        "file (ffmpeg -i IN -c copy OUT)"
    )
