"""Many recordings, one after the other: a bad one does not stop the rest."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dap_stream.errors import DapStreamError
from dap_stream.job import Job
from dap_stream.naming import describe


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

    ``failed`` is told of each failure as it happens; all of them are returned.
    """
    failures = []

    def attempt(job: Job, step: Callable[[], None]) -> bool:
        failure = _attempt(job, step)
        if failure is not None:
            failures.append(failure)
            failed(failure)
        return failure is None

    good = [(i, job) for i, job in enumerate(jobs) if attempt(job, lambda job=job: check(job))]  # type: ignore[misc]
    for i, job in good:
        attempt(job, lambda i=i, job=job: work(i, job))  # type: ignore[misc]
    return failures


def _attempt(job: Job, step: Callable[[], None]) -> Failure | None:
    try:
        step()
    except DapStreamError as error:
        return Failure(job, describe(error, job.names), error.exit_status)
    except MemoryError:
        return Failure(
            job, f"{job.names.source}: out of memory; close other programs or clean it in parts", 1
        )
    except Exception as error:  # noqa: BLE001  # a bug, but the other recordings shall not suffer from it
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return Failure(job, f"{job.names.source}: {text}; please report this", 1, traceback.format_exc())
    return None


def exit_status(failures: Sequence[Failure], n_jobs: int) -> int:
    """0 if all went well; what the failure asks for with one recording; 1 with several."""
    if not failures:
        return 0
    return failures[0].exit_status if n_jobs == 1 else 1


def summary(failures: Sequence[Failure], n_jobs: int) -> str:
    """One line: how many, and which failed."""
    text = f"{n_jobs - len(failures)} of {n_jobs} recordings done"
    return text + (
        f"; failed: {', '.join(failure.job.names.source for failure in failures)}" if failures else ""
    )
