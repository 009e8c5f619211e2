"""The rest of a film: picture, subtitles, other sound, copied packet by packet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dap_stream.errors import SettingError
from dap_stream.io.media_decode_times import with_decode_times
from dap_stream.io.media_files import load_av, opened
from dap_stream.io.media_tracks import choose_track, codec_name, is_cover

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

# Readers of broadcasts, whose time does not begin at 0: it would be waiting time in other containers.
_BROADCASTS = ("mpegts", "mpeg")


class FilmCopy:
    """The tracks of a film but one, on their way into another file; closed by ``with``.

    With ``only_sound`` no other track comes along, but the cover of a record and what is told of it all.
    ``origin`` is the time that becomes 0 in the copy, ``left_out`` the tracks that do not fit there.
    """

    def __init__(self, path: Path, track: int, target_name: str, only_sound: bool) -> None:
        self._av = load_av(path)
        self._target_name = target_name
        self._only_sound = only_sound
        with ExitStack() as stack:
            self._source: InputContainer = stack.enter_context(opened(path))
            _, self.cleaned = choose_track(self._source, path, track)
            self._stack = stack.pop_all()
        self.origin = Fraction(0)
        self.left_out: list[str] = []
        self._copies: dict[int, Stream] = {}
        self._packets: Iterator[Packet[Any]] = iter(())
        self._next: Packet[Any] | None = None

    def add_to(self, target: OutputContainer, add_cleaned: Callable[[], Stream]) -> None:
        """Make the same tracks in the same order; ``add_cleaned()`` makes the one that is cleaned."""
        is_broadcast = [each.format.name in _BROADCASTS for each in (self._source, target)]
        if is_broadcast == [True, False]:
            self.origin = Fraction(self._source.start_time or 0, 1_000_000)
        for key, value in self._source.metadata.items():
            if key not in _OF_CONTAINER:
                target.metadata[key] = value
        for stream in self._source.streams:
            if stream is self.cleaned:
                copy = add_cleaned()
            else:
                made = self._add(target, stream)
                if made is None:
                    continue
                copy = self._copies[stream.index] = made
            copy.metadata.update({key: value for key, value in stream.metadata.items() if key != "encoder"})
            copy.disposition = stream.disposition
        chapters = self._source.chapters()
        if chapters and not self._only_sound:
            target.set_chapters(chapters)
        copied = [stream for stream in self._source.streams if stream.index in self._copies]
        if copied:
            self._packets = with_decode_times(self._source.demux(copied))
        self._next = next(self._packets, None)

    def _add(self, target: OutputContainer, stream: Stream) -> Stream | None:
        if self._only_sound and not is_cover(stream):
            return None
        if stream.type == "data" and self._is_made_anew(stream):
            return None
        try:
            return target.add_stream_from_template(stream, opaque=True)
        except (ValueError, self._av.error.FFmpegError) as error:
            codec = codec_name(stream)
            if stream.type == "video":
                raise SettingError(
                    f"{self._target_name}: cannot hold the picture of the film ({codec}); choose the "
                    "extension of the film, or .mkv"
                ) from error
            self.left_out.append(
                f"a track of the film ({stream.type}, {codec}) does not fit in, and is left out"
            )
            return None

    def _is_made_anew(self, stream: Stream) -> bool:
        """Whether the writer makes this track of what it is told besides: chapters, and the time code."""
        is_chapters = stream.name == "bin_data" and bool(self._source.chapters())
        return is_chapters or "timecode" in stream.metadata

    def until(self, target: OutputContainer, seconds: Fraction | None) -> None:
        """Copy all packets that belong before this time; None: all that are left."""
        while self._next is not None:
            packet = self._next
            assert packet.dts is not None
            if seconds is not None and packet.dts * packet.time_base >= seconds:
                return
            self._put(target, packet)
            self._next = next(self._packets, None)

    def _put(self, target: OutputContainer, packet: Packet[Any]) -> None:
        shift = round(self.origin / packet.time_base)
        if packet.pts is not None:
            packet.pts -= shift
        packet.dts = (packet.dts or 0) - shift
        packet.stream = self._copies[packet.stream_index]
        target.mux(packet)

    def __enter__(self) -> FilmCopy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


# What a writer says of itself, not of the film.
_OF_CONTAINER = ("encoder", "major_brand", "minor_version", "compatible_brands")
