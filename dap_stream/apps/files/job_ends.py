"""Where a job reads and writes: its recording, its results, their formats, and what goes around samples."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

from dap_stream.apps.files.job import Job
from dap_stream.core.held_signals import held_back
from dap_stream.core.null_sink import NullSink
from dap_stream.core.streams import Sink
from dap_stream.core.units import seconds_to_samples
from dap_stream.errors import SettingError
from dap_stream.io.around.carry import Carried, carry
from dap_stream.io.formats import FileFormat
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.open_audio import (
    AnyFileSink,
    AnyFileSource,
    format_in_place,
    format_of_removed,
    open_audio,
    open_sink,
    result_format,
)
from dap_stream.io.output_paths import NOWHERE, PIPE
from dap_stream.io.pipe import PipeSink, PipeSource, standard_input, standard_output
from dap_stream.io.pipe_format import PipeFormat

AudioSource: TypeAlias = AnyFileSource | PipeSource


def open_source(job: Job) -> AudioSource:
    """The recording, or the part of it that is wanted; waits for the header of a pipe."""
    name = job.names.source
    if name == PIPE:
        return PipeSource(standard_input(), job.raw)
    if not job.start_s and job.end_s is None:
        return open_audio(name, track=job.track)
    with open_audio(name, track=job.track) as whole:
        rate = whole.sample_rate
    stop = None if job.end_s is None else seconds_to_samples(job.end_s, rate)
    return open_audio(name, seconds_to_samples(job.start_s, rate), stop, job.track)


def file_format_of(source: AudioSource) -> FileFormat:
    """The format of the recording; of a pipe that of a file with the same samples."""
    return source.format if isinstance(source.format, FileFormat) else source.format.as_file()


def result_formats(job: Job, source: AudioSource) -> tuple[FileFormat | PipeFormat | None, FileFormat | None]:
    """Formats of the result and of the removed part; SettingError if the names ask for what cannot be."""
    source_format = file_format_of(source)
    names = job.names
    result: FileFormat | PipeFormat | None
    if names.output == NOWHERE:
        result = None
    elif names.output == PIPE:
        result = _pipe_format(job, source)
    elif names.in_place:
        result = format_in_place(Path(names.output), source_format)
    else:
        result = result_format(Path(names.output), source_format)
    return result, None if names.removed is None else format_of_removed(Path(names.removed), source_format)


def _pipe_format(job: Job, source: AudioSource) -> PipeFormat:
    """Format of standard output: that of the input; a file as WAV, or raw if that is asked for."""
    if isinstance(source.format, PipeFormat):
        return source.format
    if job.raw is None:
        return PipeFormat.from_file(source.format)
    if (job.raw.sample_rate, job.raw.channels) != (source.sample_rate, source.channels):
        raise SettingError(
            f"raw format of {job.raw.sample_rate} Hz and {job.raw.channels} channels does not fit "
            f"{job.names.source}, which has {source.sample_rate} Hz and {source.channels}; choose the same"
        )
    return job.raw


def carried_along(job: Job, source: AudioSource) -> tuple[tuple[Carried | None, ...], list[str]]:
    """Metadata around the samples, for the result and the removed part; and remarks on what is lost."""
    if isinstance(source, PipeSource):
        return (None, None), []
    around = source.surroundings()
    said = [f"{job.names.source}: left out: {text}" for text in around.left_out]
    made: list[Carried | None] = []
    for path, result in zip((job.names.output, job.names.removed), result_formats(job, source), strict=True):
        is_film = isinstance(result, MediaFormat)
        if not isinstance(result, FileFormat) or (is_film and isinstance(source.format, MediaFormat)):
            made.append(None)  # a pipe has no place for it, and from film to film all is copied
            continue
        found = carry(around, source.cut, result, source.n_samples)
        if found.lost:
            said.append(f"{path}: cannot take along {', '.join(found.lost)} of {job.names.source}")
        made.append(found)
    return tuple(made), said


def open_sinks(
    job: Job, source: AudioSource, stack: ExitStack, carried: tuple[Carried | None, ...]
) -> tuple[Sink, Sink | None]:
    """Sinks for the result and, if wanted, for the removed part; closed by ``stack``."""
    result, rest = result_formats(job, source)
    removed: Sink | None = None
    if rest is not None:
        assert job.names.removed is not None
        removed = _entered(open_sink(job.names.removed, rest, source, job.force, carried[1]), stack)
    sink: Sink
    if result is None:
        sink = NullSink()
    elif isinstance(result, PipeFormat):
        sink = stack.enter_context(PipeSink(standard_output(), result, source.n_samples))
    else:
        force = job.force or job.names.in_place
        sink = _entered(open_sink(job.names.output, result, source, force, carried[0]), stack)
    return sink, removed


def _entered(sink: AnyFileSink, stack: ExitStack) -> AnyFileSink:
    """Signals wait until it is sure that what was made is removed."""
    with held_back():
        stack.enter_context(sink)
    return sink
