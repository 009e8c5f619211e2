"""All that can be known to go wrong with a job before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

from dap_stream.apps.files.job import Job
from dap_stream.apps.files.job_ends import open_source, result_formats
from dap_stream.apps.files.job_notes import doubts_of
from dap_stream.errors import OutputError
from dap_stream.io.formats import FileFormat
from dap_stream.io.output_paths import PIPE, check_folder


def check(job: Job) -> None:
    """Raise all that can be known to go wrong before anything is computed; the pipe is not touched."""
    for path in (job.names.output, job.names.removed, job.names.report, job.save_profile):
        if path is not None:
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
