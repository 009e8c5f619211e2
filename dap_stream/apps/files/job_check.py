"""All that can be known to go wrong with a job before anything is computed."""

from __future__ import annotations

import os

from dap_stream.apps.files.job import Job
from dap_stream.apps.files.job_ends import open_source, result_formats
from dap_stream.apps.files.job_notes import doubts_of
from dap_stream.apps.files.two_renders import scratch_bytes, scratch_folder
from dap_stream.errors import OutputError
from dap_stream.io.formats import FileFormat
from dap_stream.io.output_paths import NOWHERE, PIPE, check_folder


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
        results = zip((job.names.output, job.names.removed), result_formats(job, source), strict=True)
        for_a_while = scratch_bytes(job, job.chain, source)
        for path, file_format in results:
            if path is None or source.n_samples is None:
                continue
            kept = file_format.n_bytes(source.n_samples) if isinstance(file_format, FileFormat) else None
            folder = os.path.dirname(os.path.realpath(path)) if path != PIPE else scratch_folder(job)
            check_room(path, folder, (kept or 0) + for_a_while)
            for_a_while = 0  # it is beside the first


def check_room(path: str, folder: str, n_bytes: int) -> None:
    """OutputError if the disk of ``folder`` has less free space than the job will need there."""
    disk = os.statvfs(folder) if hasattr(os, "statvfs") else None
    if disk is None or n_bytes <= disk.f_bavail * disk.f_frsize:
        return
    free = disk.f_bavail * disk.f_frsize
    raise OutputError(
        f"{path}: needs {n_bytes / 1e6:.1f} MB, and the disk has {free / 1e6:.1f} MB left; "
        "free some space or choose another folder"
    )
