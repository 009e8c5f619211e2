"""Any recording by its name, and the format of a result beside it, whichever library reads or writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias, TypeGuard

from dap_stream.core.streams import Sink, Source
from dap_stream.errors import SettingError
from dap_stream.io import formats
from dap_stream.io.around.carry import Carried
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import EXTENSIONS, FileFormat, output_format, removed_format
from dap_stream.io.media_files import media_reader
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.media_sink import MediaSink
from dap_stream.io.media_source import MediaSource
from dap_stream.io.media_writers import WRITERS, is_media_name, media_format

READ_EXTENSIONS = (*EXTENSIONS, *WRITERS, ".qt", ".flv", ".f4v", ".mpg", ".mpeg", ".vob")
_AMBIGUOUS = (".ts",)  # programs in TypeScript have it too: those are looked into

AnyFileSource: TypeAlias = FileSource | MediaSource
AnyFileSink: TypeAlias = FileSink | MediaSink


def open_audio(
    path: str | Path, start: int = 0, stop: int | None = None, track: int | None = None
) -> AnyFileSource:
    """The recording, or these samples of it. ``track`` (from 1) is for files that may have several."""
    if media_reader(path) is not None:
        return MediaSource(path, start, stop, track)
    source = FileSource(path, start, stop)
    if track not in (None, 1):
        with source:
            raise SettingError(f"{path}: track={track} is not there: it has one track of sound")
    return source


def is_audio_name(path: str | Path) -> bool:
    """Whether a file is taken for a recording, by the ending of its name."""
    suffix = Path(path).suffix.lower()
    return suffix in READ_EXTENSIONS and (suffix not in _AMBIGUOUS or media_reader(path) is not None)


def result_format(path: Path, source: FileFormat) -> FileFormat:
    """The format of a result of this name for sound that came as ``source``."""
    if is_media_name(path):
        return media_format(path, source)
    if isinstance(source, MediaFormat) and path.suffix.lower() not in EXTENSIONS:
        known = " ".join((*EXTENSIONS, *WRITERS))
        raise SettingError(
            f"{path.name}: extension {path.suffix or 'missing'} is not known; choose one of {known}"
        )
    return output_format(path, source)


def format_of_removed(path: Path, source: FileFormat) -> FileFormat:
    """The format of the file of what was taken out, such that wet + removed = dry where that can be."""
    return media_format(path, source) if is_media_name(path) else removed_format(path, source)


def format_in_place(path: Path, source: FileFormat) -> FileFormat:
    """The format of what takes the place of a recording of this name."""
    return result_format(path, source) if isinstance(source, MediaFormat) else source


def shortcomings(chosen: FileFormat, n_samples: int | None) -> tuple[str, ...]:
    """Remarks on what a file of this format and length cannot say of the audio."""
    return () if isinstance(chosen, MediaFormat) else formats.shortcomings(chosen, n_samples)


def is_file_sink(sink: Sink | None) -> TypeGuard[AnyFileSink]:
    """Whether it has a hidden file, to be moved to its name."""
    return isinstance(sink, FileSink | MediaSink)


def remarks_on(end: Source | Sink | None) -> tuple[str, ...]:
    """Remarks on a recording or a result beforehand; they are no damage."""
    return end.remarks if isinstance(end, MediaSource | MediaSink) else ()


def open_sink(
    path: str, file_format: FileFormat, source: Source, force: bool, carried: Carried | None = None
) -> AnyFileSink:
    """A sink for a file of this format.

    If ``source`` and the result are films, the rest of it goes along with the sound; otherwise ``carried``.
    """
    if isinstance(file_format, MediaFormat):
        film = source if isinstance(source, MediaSource) else None
        return MediaSink(path, file_format, film, force, source.sample_rate)
    return FileSink(path, file_format, source.n_samples, force, carried)
