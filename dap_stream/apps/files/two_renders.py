"""A chain whose last processor has to hear all that the others make before it begins: loudness.

What the others make is rendered to the disk for a while, so that nothing expensive is done twice: heard
there, then rendered from there to the result.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace

from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.job_ends import AudioSource, file_format_of
from dap_stream.core.model import Model
from dap_stream.core.processor import Processor
from dap_stream.core.processors import Bypass
from dap_stream.core.render import Progress, RenderRecord, render
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.streams import SeekableSource, Sink
from dap_stream.io.output_paths import PIPE
from dap_stream.io.pipe import PipeSource
from dap_stream.io.scratch_audio import ScratchAudio
from dap_stream.processors.build import make_chain, measure, split
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.entry import LevelChange

_MEASURING = 0.6  # part of the time between the first rendering and the end


def needs_scratch(job: Job, chain: ChainSettings, source: AudioSource) -> bool:
    """Whether sound is kept on the disk for a while: not if the recording itself can be heard again."""
    front, last = split(chain)
    if last is None:
        return False
    can_read_again = not isinstance(source, PipeSource) and source.n_samples is not None
    return front is not None or not can_read_again or job.names.removed is not None


def scratch_folder(job: Job) -> str:
    """Beside the result, where there has to be room anyway; for a pipe where the system has such files."""
    if job.names.output == PIPE:
        return tempfile.gettempdir()
    return os.path.dirname(os.path.realpath(job.names.output))


def scratch_bytes(job: Job, chain: ChainSettings, source: AudioSource) -> int:
    """How much is kept on the disk for a while; 0 also where the length is not known."""
    if source.n_samples is None or not needs_scratch(job, chain, source):
        return 0
    width = 8 if file_format_of(source).needs_float64 else 4
    return source.n_samples * source.channels * width


def front_of(chain: ChainSettings, stream: StreamFormat, models: Mapping[str, Model]) -> Processor:
    """All of the chain, but for a last one that has to wait."""
    front, _ = split(chain)
    return Bypass(stream.channels) if front is None else make_chain(front, stream, models)


def render_twice(
    job: Job,
    chain: ChainSettings,
    models: Mapping[str, Model],
    source: AudioSource,
    front: Processor,
    sink: Sink,
    removed: Sink | None,
    callbacks: JobCallbacks,
    complete: Callable[[], None],
) -> tuple[RenderRecord, LevelChange]:
    """Render the front to the disk, hear it, and render it with the last processor to the result.

    ``removed`` gets what the front took away; the level of the last processor is no part of it.

    Returns
    -------
    record, change
        The record has the level of the result, and ``reduction_db`` before the change of level.
    """
    _, last = split(chain)
    assert last is not None, "only a chain with one that waits"
    stream = StreamFormat(source.sample_rate, source.channels)
    with ExitStack() as stack:
        first: RenderRecord | None = None
        heard: SeekableSource
        if needs_scratch(job, chain, source):
            scratch = ScratchAudio(scratch_folder(job), source.sample_rate, source.channels)
            stack.enter_context(scratch)
            first = render(source, front, scratch, removed, callbacks.cleaning, complete=_later)
            heard = scratch
        else:
            assert not isinstance(source, PipeSource), "a pipe needs scratch"
            heard = source
        tell = callbacks.levelling or _say_nothing
        speakers = file_format_of(source).channel_mask
        change = measure(last, models, heard, speakers, lambda part: tell(_MEASURING * part))

        def rendering(progress: Progress) -> None:
            total_s = progress["total_s"]
            part = progress["done_s"] / total_s if total_s else 0.0
            tell(_MEASURING + (1.0 - _MEASURING) * min(part, 1.0))

        second = render(heard, make_chain(last, stream, models), sink, None, rendering, complete=complete)
    record = second if first is None else _joined(first, second)
    if split(chain)[0] is None:
        record = replace(record, reduction_db=None)  # nothing but the level was changed
    return record, change


def _later() -> None:
    """The removed part is complete, and appears together with the result."""


def _say_nothing(part: float) -> None:
    """Nobody wants to know."""


def _joined(first: RenderRecord, second: RenderRecord) -> RenderRecord:
    """From the recording to the result."""
    wall_s = first.wall_s + second.wall_s
    return replace(
        first,
        latency=first.latency + second.latency,
        wall_s=wall_s,
        real_time_factor=wall_s / first.seconds if first.seconds else 0.0,
        peak_out=second.peak_out,
        rms_out=second.rms_out,
        clipped=second.clipped,
    )
