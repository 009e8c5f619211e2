"""One recording from its file to its results: open, learn, clean, write, and say what was done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from dap_stream.apps.files.known_noise import KnownNoise
from dap_stream.core.held_signals import held_back
from dap_stream.core.learning_curve import LearningCurve
from dap_stream.core.model import Model
from dap_stream.core.null_sink import NullSink
from dap_stream.core.profile import Profile
from dap_stream.core.render import Progress, RenderRecord, render
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.streams import Sink
from dap_stream.core.units import seconds_to_samples
from dap_stream.errors import InputError, OutputError, SettingError
from dap_stream.io.around.carry import Carried, carry
from dap_stream.io.file_metadata import lost_metadata
from dap_stream.io.file_set import replace_together
from dap_stream.io.formats import FileFormat
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.open_audio import (
    AnyFileSink,
    AnyFileSource,
    format_in_place,
    format_of_removed,
    is_file_sink,
    open_audio,
    open_sink,
    remarks_on,
    result_format,
    shortcomings,
)
from dap_stream.io.output_paths import NOWHERE, PIPE, Names, check_folder
from dap_stream.io.pipe import PipeSink, PipeSource, standard_input, standard_output
from dap_stream.io.pipe_format import PipeFormat
from dap_stream.io.profile_file import stage_profile
from dap_stream.io.set_plan import state_of
from dap_stream.processors.build import (
    findings,
    for_source,
    hear_noise,
    learned,
    learning_curves,
    make_chain,
    make_models,
    pretrain,
    remarks,
)
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.findings import Finding

AudioSource: TypeAlias = AnyFileSource | PipeSource


@dataclass(frozen=True)
class Job:
    """Work to be done on one recording. ``raw`` is the format of headerless pipes.

    Without ``force`` no result takes the place of a file, but for a recording that is cleaned in place.
    """

    names: Names
    chain: ChainSettings = field(default_factory=ChainSettings)
    start_s: float = 0.0
    end_s: float | None = None
    raw: PipeFormat | None = None
    profile: Profile | None = None
    save_profile: str | None = None
    noise: KnownNoise | None = None
    force: bool = False
    track: int | None = None  # of sound, from 1; None is the one that a player takes


@dataclass(frozen=True)
class Outcome:
    """Result of a job. ``chain`` has the settings that were used; ``wall_s`` is everything together."""

    job: Job
    chain: ChainSettings
    file_format: FileFormat
    record: RenderRecord
    learn_s: float
    wall_s: float
    notes: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    curves: tuple[LearningCurve, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class JobCallbacks:
    """Callbacks of a run; each may raise to cancel it."""

    learning: Callable[[float], None] | None = None
    cleaning: Callable[[Progress], None] | None = None
    note: Callable[[str], None] = print
    warn: Callable[[str], None] = print


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


def result_formats(job: Job, source: AudioSource) -> tuple[FileFormat | PipeFormat | None, FileFormat | None]:
    """Formats of the result and of the removed part; SettingError if the names ask for what cannot be."""
    source_format = source.format if isinstance(source.format, FileFormat) else source.format.as_file()
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


def resolved(job: Job, source: AudioSource) -> tuple[ChainSettings, tuple[str, ...]]:
    """The chain as it is possible with this source, and notes if that is less than was asked for."""
    chain, notes = for_source(job.chain, not isinstance(source, PipeSource) and source.n_samples is not None)
    if isinstance(source, PipeSource):
        return chain, ()  # what flows by can be heard once only; nobody expects more
    return chain, tuple(f"{job.names.source}: {note}" for note in notes)


def doubts_of(job: Job, source: AudioSource) -> tuple[str, ...]:
    """Remarks on a damaged recording; InputError if the job would replace it."""
    if isinstance(source, PipeSource) or source.doubt is None:
        return ()
    if job.names.in_place:
        raise InputError(f"{job.names.source}: {source.doubt}; keep it, and name another file for the result")
    return (f"{job.names.source}: {source.doubt}",)


def check(job: Job) -> None:
    """Raise all that can be known to go wrong before anything is computed; the pipe is not touched."""
    names = job.names
    for path in (names.output, names.removed, names.report, names.labels, job.save_profile):
        if path is not None and path != NOWHERE:
            check_folder(path)
    if job.names.source == PIPE:
        return
    with open_source(job) as source:
        doubts_of(job, source)
        for path, file_format in zip(
            (job.names.output, job.names.removed), result_formats(job, source), strict=True
        ):
            if path is not None and isinstance(file_format, FileFormat) and source.n_samples is not None:
                check_room(path, file_format.n_bytes(source.n_samples))


def check_room(path: str, n_bytes: int | None) -> None:
    """OutputError if the disk has less free space than the file will need; unknown sizes pass."""
    disk = os.statvfs(Path(os.path.realpath(path)).parent) if hasattr(os, "statvfs") else None
    if disk is None or n_bytes is None or n_bytes <= disk.f_bavail * disk.f_frsize:
        return
    free = disk.f_bavail * disk.f_frsize
    raise OutputError(
        f"{path}: needs {n_bytes / 1e6:.1f} MB, and the disk has {free / 1e6:.1f} MB left; "
        "free some space or choose another folder"
    )


def clean(job: Job, callbacks: JobCallbacks) -> Outcome:
    """Do the job. Results and profile appear complete and together, or not at all."""
    began = time.perf_counter()
    with ExitStack() as stack:
        found = state_of(os.path.realpath(job.names.source))
        source = open_source(job)
        stack.enter_context(source)
        chain, notes = resolved(job, source)
        for text in notes:
            callbacks.note(text)
        doubts = doubts_of(job, source)
        for text in doubts:
            callbacks.warn(text)
        notes += doubts + _tell(job.names.source, source, callbacks.note)
        models = make_models(chain, job.profile)
        for model in models.values():
            stack.callback(model.close)
        if job.save_profile is not None and not chain.learns:
            raise SettingError("nothing in the chain learns, so there is no profile to save")
        stream = StreamFormat(source.sample_rate, source.channels)
        if job.noise is not None:
            notes += _show_noise(job.noise, chain, models, stream, callbacks)
        # Made for its checks of rate, channels, device and profile, before a pass is spent.
        processor = make_chain(chain, stream, models)
        carried, said_of_it = _carried(job, source)
        sink, removed = _open_sinks(job, source, stack, carried)
        for text in (*_shortcomings(job, source), *said_of_it):
            callbacks.warn(text)
            notes += (text,)
        notes += _tell(job.names.output, sink, callbacks.note)
        _say_what_is_lost(job, callbacks)
        learn_began = time.perf_counter()
        if not isinstance(source, PipeSource) and source.n_samples is not None:
            pretrain(chain, models, source, callbacks.learning)
        learn_s = time.perf_counter() - learn_began

        def complete() -> None:
            if job.names.in_place and state_of(os.path.realpath(job.names.source)) != found:
                raise OutputError(f"{job.names.source}: was changed while it was cleaned; clean it again")
            files = [each.hidden for each in (removed, sink) if is_file_sink(each)]
            if job.save_profile is not None:
                files.append(stage_profile(job.save_profile, learned(chain, models)))
                stack.callback(files[-1].remove)
            replace_together(files)

        record = render(source, processor, sink, removed, callbacks.cleaning, complete=complete)
        said, curves = remarks(chain, models), learning_curves(chain, models)
        found_damage = findings(chain, models)
    source_format = source.format if isinstance(source.format, FileFormat) else source.format.as_file()
    wall_s = time.perf_counter() - began
    return Outcome(job, chain, source_format, record, learn_s, wall_s, notes, said, curves, found_damage)


def _shortcomings(job: Job, source: AudioSource) -> list[str]:
    """Remarks on what the results cannot say of the recording."""
    return [
        f"{path}: {text}"
        for path, result in zip(
            (job.names.output, job.names.removed), result_formats(job, source), strict=True
        )
        if result is not None
        for text in shortcomings(
            result if isinstance(result, FileFormat) else result.as_file(), source.n_samples
        )
    ]


def _tell(name: str, end: AudioSource | Sink, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Remarks on a recording or result, told at once."""
    texts = tuple(f"{name}: {text}" for text in remarks_on(end))
    for text in texts:
        tell(text)
    return texts


def _show_noise(
    noise: KnownNoise,
    chain: ChainSettings,
    models: Mapping[str, Model],
    stream: StreamFormat,
    callbacks: JobCallbacks,
) -> tuple[str, ...]:
    """Let the models hear it; what they find odd is told at once, before time is spent."""
    found = hear_noise(chain, models, noise.read(stream.sample_rate), stream)
    warnings = tuple(f"{noise.path}: {text}" for text in found)
    for text in warnings:
        callbacks.warn(text)
    return warnings


def _carried(job: Job, source: AudioSource) -> tuple[tuple[Carried | None, ...], list[str]]:
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


def _open_sinks(
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


def _say_what_is_lost(job: Job, callbacks: JobCallbacks) -> None:
    """Of files that will be replaced, before hours are spent on it."""
    for path in (job.names.output, job.names.removed, job.save_profile):
        if path not in (None, NOWHERE, PIPE) and os.path.exists(path):
            for text in lost_metadata(Path(path)):
                callbacks.warn(f"{path}: loses {text}")


def _entered(sink: AnyFileSink, stack: ExitStack) -> AnyFileSink:
    """Signals wait until it is sure that what was made is removed."""
    with held_back():
        stack.enter_context(sink)
    return sink
