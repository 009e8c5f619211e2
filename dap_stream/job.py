"""One recording from its file to its results: open, learn, clean, write, and say what was done."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from dap_stream.denoiser import Denoiser
from dap_stream.engine import Progress, RunRecord, run
from dap_stream.errors import OutputError, SettingError
from dap_stream.first_pass import learn
from dap_stream.io.file import FileSink, FileSource
from dap_stream.io.formats import FileFormat, output_format, removed_format
from dap_stream.io.pipe import PipeFormat, PipeSink, PipeSource, standard_input, standard_output
from dap_stream.naming import PIPE, Names, check_folder
from dap_stream.processor import Audio, Sink
from dap_stream.profile import Profile, save_profile
from dap_stream.settings import TWO_PASS_GENERATORS, Settings
from dap_stream.units import seconds_to_samples

AudioSource: TypeAlias = FileSource | PipeSource


@dataclass(frozen=True)
class Job:
    """What is to be done to one recording. ``raw`` is the format of headerless pipes."""

    names: Names
    settings: Settings = field(default_factory=Settings)
    start_s: float = 0.0
    end_s: float | None = None
    raw: PipeFormat | None = None
    profile: Profile | None = None
    save_profile: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What was done. ``settings`` has the passes that were made; ``wall_s`` is everything together."""

    job: Job
    settings: Settings
    file_format: FileFormat
    record: RunRecord
    learn_s: float
    wall_s: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Watch:
    """Callbacks of a run; each may raise to cancel it."""

    learning: Callable[[float], None] | None = None
    cleaning: Callable[[Progress], None] | None = None
    note: Callable[[str], None] = print


def open_source(job: Job) -> AudioSource:
    """The recording, or the part of it that is wanted; waits for the header of a pipe."""
    name = job.names.source
    if name == PIPE:
        return PipeSource(standard_input(), job.raw)
    if not job.start_s and job.end_s is None:
        return FileSource(name)
    with FileSource(name) as whole:
        rate = whole.sample_rate
    stop = None if job.end_s is None else seconds_to_samples(job.end_s, rate)
    return FileSource(name, seconds_to_samples(job.start_s, rate), stop)


def result_formats(job: Job, source: AudioSource) -> tuple[FileFormat | PipeFormat, FileFormat | None]:
    """Formats of the result and of the removed part; SettingError if the names ask for what cannot be."""
    came = source.format if isinstance(source.format, FileFormat) else source.format.as_file()
    names = job.names
    result: FileFormat | PipeFormat
    if names.output == PIPE:
        result = _pipe_format(job, source)
    elif names.in_place:
        result = came
    else:
        result = output_format(Path(names.output), came)
    return result, None if names.removed is None else removed_format(Path(names.removed), came)


def _pipe_format(job: Job, source: AudioSource) -> PipeFormat:
    """What goes to standard output: as it came in; a file as WAV, or raw if that is asked for."""
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


def resolved(job: Job, source: AudioSource) -> tuple[Settings, str | None]:
    """The settings with the passes that are possible, and a note if they are fewer than asked for."""
    if job.settings.passes == 2 and job.settings.generator not in TWO_PASS_GENERATORS:
        is_deep = job.settings.generator != "classical"
        note = f"{job.settings.generator} learns while it cleans, in a single pass" if is_deep else None
        return replace(job.settings, passes=1), note
    if job.settings.passes == 1 or (isinstance(source, FileSource) and source.n_samples is not None):
        return job.settings, None
    settings = replace(job.settings, passes=1)
    if isinstance(source, PipeSource):
        return settings, None  # what flows by can be heard once only; nobody expects more
    return settings, f"{job.names.source}: does not say its length, so it is cleaned in a single pass"


def check(job: Job) -> None:
    """Raise all that can be known to go wrong before anything is computed; the pipe is not touched."""
    for path in (job.names.output, job.names.removed, job.save_profile):
        if path is not None:
            check_folder(path)
    if job.names.source == PIPE:
        return
    with open_source(job) as source:
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


def make_denoiser(
    settings: Settings, source: AudioSource, profile: Profile | None, has_learned: bool
) -> Denoiser:
    """The processor of the pass that writes; ``has_learned`` is whether a first pass came before."""
    learns = settings.passes == 1 and settings.steps != 0 and not has_learned
    return Denoiser(source.sample_rate, source.channels, settings, profile, learn=learns)


class _Keeper:
    """A denoiser whose weights are kept when the stream ends, before the reset forgets them."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.latency = denoiser.latency
        self.profile: Profile | None = None
        self._denoiser = denoiser

    @property
    def reduction_db(self) -> float:
        return self._denoiser.reduction_db

    def process(self, buffer: Audio) -> Audio:
        return self._denoiser.process(buffer)

    def flush(self) -> Audio:
        tail = self._denoiser.drain()
        self.profile = self._denoiser.profile()
        self._denoiser.reset()
        return tail

    def reset(self) -> None:
        self._denoiser.reset()


def clean(job: Job, watch: Watch) -> Outcome:
    """Do the job. Results appear complete or not at all; the profile is saved last."""
    began = time.perf_counter()
    with ExitStack() as stack:
        source = open_source(job)
        stack.enter_context(source)
        settings, note = resolved(job, source)
        notes = [note] if note else []
        for text in notes:
            watch.note(text)
        # Made for its checks of rate, channels, device and profile, before a pass is spent.
        denoiser = make_denoiser(settings, source, job.profile, has_learned=False)
        sink, removed = _open_sinks(job, source, stack)
        learn_began = time.perf_counter()
        if settings.passes == 2:
            assert isinstance(source, FileSource)
            profile = learn(source, settings, job.profile, watch.learning)
            source.seek(0)
            denoiser = make_denoiser(settings, source, profile, has_learned=True)
        learn_s = time.perf_counter() - learn_began
        keeper = _Keeper(denoiser) if job.save_profile is not None else None
        record = run(source, keeper or denoiser, sink, removed, watch.cleaning)
    if keeper is not None and keeper.profile is not None and job.save_profile is not None:
        save_profile(job.save_profile, keeper.profile)
    came = source.format if isinstance(source.format, FileFormat) else source.format.as_file()
    return Outcome(job, settings, came, record, learn_s, time.perf_counter() - began, tuple(notes))


def _open_sinks(job: Job, source: AudioSource, stack: ExitStack) -> tuple[Sink, Sink | None]:
    """Sinks for the result and, if wanted, for the removed part; closed by ``stack``."""
    result, rest = result_formats(job, source)
    removed: Sink | None = None
    if rest is not None:
        assert job.names.removed is not None
        removed = stack.enter_context(FileSink(job.names.removed, rest, source.n_samples))
    sink: Sink
    if isinstance(result, PipeFormat):
        sink = stack.enter_context(PipeSink(standard_output(), result, source.n_samples))
    else:
        sink = stack.enter_context(FileSink(job.names.output, result, source.n_samples))
    return sink, removed
