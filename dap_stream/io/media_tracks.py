"""Tracks of a film or recording: which there are, and which one is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap_stream.errors import InputError, SettingError
from dap_stream.io.media_files import opened

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream

# Sample entries of protected sound in MP4 files, of the common scheme and of an old shop.
_PROTECTED = ("enca", "drms")
# FFmpeg's bits of what a track is for.
_DEFAULT, _COVER = 1, 1 << 10


@dataclass(frozen=True)
class Track:
    """One track, as ``dap-stream info`` tells it. ``number`` counts tracks of sound from 1, else None."""

    kind: str
    codec: str
    number: int | None
    language: str
    detail: str
    is_default: bool

    def __str__(self) -> str:
        name = self.kind if self.number is None else f"{self.kind} {self.number}"
        parts = [self.codec, self.detail, self.language, "default" if self.is_default else ""]
        return f"{name}: {', '.join(part for part in parts if part)}"


def list_tracks(path: Path) -> list[Track]:
    """All tracks, in the order of the file."""
    with opened(path) as container:
        sounds = list(container.streams.audio)
        chosen = sounds[default_number(sounds) - 1] if sounds else None
        return [_track(each, sounds, each is chosen) for each in container.streams]


def _track(stream: Stream, sounds: list[AudioStream], is_default: bool) -> Track:
    number = sounds.index(stream) + 1 if stream in sounds else None
    return Track(
        "sound" if number is not None else "picture" if stream.type == "video" else stream.type,
        codec_name(stream),
        number,
        "" if language(stream) == "und" else language(stream),
        _detail(stream),
        is_default,
    )


def _detail(stream: Stream) -> str:
    context: Any = stream.codec_context
    if stream.type == "audio":
        return f"{context.sample_rate} Hz, {context.layout.name}"
    if stream.type == "video":
        return f"{context.width} x {context.height}"
    return ""


def codec_name(stream: Stream) -> str:
    """Name of the codec, the same for several decoders of it; ``unknown`` if FFmpeg has none."""
    context = stream.codec_context
    return "unknown" if context is None else str(context.codec.canonical_name)


def language(stream: Stream) -> str:
    """Three letters; ``und`` or nothing if it was not said."""
    return str(stream.metadata.get("language", ""))


def default_number(sounds: list[AudioStream]) -> int:
    """The track that a player takes, from 1: the first one marked so, or the first."""
    for number, stream in enumerate(sounds, 1):
        if _is_default(stream):
            return number
    return 1


def _is_default(stream: AudioStream) -> bool:
    return bool(int(stream.disposition) & _DEFAULT)


def is_cover(stream: Stream) -> bool:
    """A still picture of the record, not a film."""
    return bool(int(stream.disposition) & _COVER)


def has_picture(container: InputContainer) -> bool:
    """Whether it is a film."""
    return any(not is_cover(stream) for stream in container.streams.video)


def choose_track(container: InputContainer, path: Path, number: int | None) -> tuple[int, AudioStream]:
    """The track of sound ``number``, from 1 (None: the default one), and its number.

    Raises
    ------
    InputError
        If there is no sound, or it is protected.
    SettingError
        If there are not so many tracks.
    """
    sounds = list(container.streams.audio)
    if not sounds:
        kinds = sorted({stream.type for stream in container.streams})
        what = "a video without sound" if "video" in kinds else "no track of sound in it"
        raise InputError(f"{path}: {what}; there is nothing to clean")
    if number is not None and not 1 <= number <= len(sounds):
        count = "one track" if len(sounds) == 1 else f"{len(sounds)} tracks"
        raise SettingError(f"{path}: track={number} is not there: it has {count} of sound, counted from 1")
    chosen = default_number(sounds) if number is None else number
    stream = sounds[chosen - 1]
    if stream.codec_tag in _PROTECTED:
        raise InputError(
            f"{path}: its sound is protected (DRM) and cannot be decoded; take a file without protection"
        )
    if stream.codec_context is None:
        raise InputError(f"{path}: its sound is of a kind that cannot be decoded; convert it to WAV first")
    return chosen, stream
