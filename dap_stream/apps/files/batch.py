"""Many recordings, one after the other: a bad one does not stop the rest."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dap_stream.apps.files.job import Job
from dap_stream.errors import DapStreamError, one_line
from dap_stream.io.output_paths import describe


@dataclass(frozen=True)
class Failure:
    """A recording that was not cleaned, and why; ``details`` only if it is a fault of ours."""

    job: Job
    message: str
    exit_status: int
    details: str = ""


def run_all(
    jobs: Sequence[Job],
    check: Callable[[Job], None],
    work: Callable[[int, Job], None],
    failed: Callable[[Failure], None],
) -> list[Failure]:
    """Check all jobs, then do those that passed; ``work`` gets the number of the job too, from 0.

    ``failed`` gets each failure as it happens; all of them are returned.
    """
    failures: list[Failure] = []

    def is_done(job: Job, step: Callable[..., None], *arguments: object) -> bool:
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001  perhaps a bug, but the others shall not suffer from it
            failures.append(failure_of(job, error))
            failed(failures[-1])
            return False
        return True

    passed = [(number, job) for number, job in enumerate(jobs) if is_done(job, check, job)]
    for number, job in passed:
        is_done(job, work, number, job)
    return failures


def failure_of(job: Job, error: Exception) -> Failure:
    """In one line what happened to the recording, and the details if it is a bug."""
    source = job.names.source
    if isinstance(error, DapStreamError):
        return Failure(job, describe(error, job.names), error.exit_status)
    if isinstance(error, MemoryError):
        return Failure(job, f"{source}: out of memory; close other programs or clean it in parts", 1)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return Failure(job, f"{source}: {one_line(str(error.filename))}: {error.strerror}", 1)
    details = "".join(traceback.format_exception(error))
    text = one_line(f"{type(error).__name__}: {error}")
    return Failure(job, f"{source}: {text}; please report this", 1, details)


def exit_status(failures: Sequence[Failure], n_jobs: int) -> int:
    """0 if all went well; what the failure asks for with one recording; 1 with several."""
    if not failures:
        return 0
    return failures[0].exit_status if n_jobs == 1 else 1


def summary(failures: Sequence[Failure], n_jobs: int) -> str:
    """One line: how many, and which failed."""
    text = f"{n_jobs - len(failures)} of {n_jobs} recordings done"
    if not failures:
        return text
    return f"{text}; failed: {', '.join(failure.job.names.source for failure in failures)}"
