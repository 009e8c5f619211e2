"""Remarks on a job that are known before anything is computed: damage, what is lost, what cannot be said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.job_ends import AudioSource, result_formats
from dap_stream.core.streams import Sink
from dap_stream.errors import InputError
from dap_stream.io.file_metadata import lost_metadata
from dap_stream.io.formats import FileFormat
from dap_stream.io.open_audio import remarks_on, shortcomings
from dap_stream.io.output_paths import PIPE
from dap_stream.io.pipe import PipeSource


def doubts_of(job: Job, source: AudioSource) -> tuple[str, ...]:
    """Remarks on a damaged recording; InputError if the job would replace it."""
    if isinstance(source, PipeSource) or source.doubt is None:
        return ()
    if job.names.in_place:
        raise InputError(f"{job.names.source}: {source.doubt}; keep it, and name another file for the result")
    return (f"{job.names.source}: {source.doubt}",)


def shortcomings_of(job: Job, source: AudioSource) -> list[str]:
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


def tell_remarks(name: str, end: AudioSource | Sink, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Remarks on a recording or result, told at once."""
    texts = tuple(f"{name}: {text}" for text in remarks_on(end))
    for text in texts:
        tell(text)
    return texts


def say_what_is_lost(job: Job, callbacks: JobCallbacks) -> None:
    """Of files that will be replaced, before hours are spent on it."""
    for path in (job.names.output, job.names.removed, job.save_profile):
        if path is not None and path != PIPE and os.path.exists(path):
            for text in lost_metadata(Path(path)):
                callbacks.warn(f"{path}: loses {text}")
