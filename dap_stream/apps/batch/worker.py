"""Whoever does the tasks of a batch, in whatever process: one after the other, and stays warm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from dap_stream.apps.batch.joined_source import JoinedSource
from dap_stream.apps.batch.journal import file_state
from dap_stream.apps.batch.tasks import Answer, CleanTask, LearnTask, Task, written
from dap_stream.apps.files.batch import Failure, failure_of
from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks, Outcome
from dap_stream.apps.files.job_check import check
from dap_stream.apps.files.report import warnings
from dap_stream.core.profile import Profile
from dap_stream.core.render import Progress
from dap_stream.io.output_paths import Names, make_folder
from dap_stream.io.profile_file import load_profile, replace_profile
from dap_stream.processors.build import learned, make_models, pretrain

# Threads of libraries: one, in every worker, so that the result does not depend on how many there are.
ENVIRONMENT = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
_TELL_EVERY_S = 0.5


def do_task(task: Task, tell: Callable[[float], None]) -> Answer:
    """Do it, and say what became of it, whatever goes wrong; ``tell`` hears of seconds of audio done."""
    began = time.perf_counter()
    try:
        answer = _clean(task, tell) if isinstance(task, CleanTask) else _learn(task)
    except Exception as error:  # noqa: BLE001  perhaps a bug, but the others shall not suffer from it
        job = task.job if isinstance(task, CleanTask) else Job(Names(task.name, task.output))
        failure = failure_of(job, error)
        return Answer(failure.message, failure.details, wall_s=time.perf_counter() - began)
    return replace(answer, wall_s=time.perf_counter() - began)


def _clean(task: CleanTask, tell: Callable[[float], None]) -> Answer:
    job = task.job
    notes: list[str] = []
    if task.profile is not None:
        job = replace(job, profile=_profile(task.profile, file_state(task.profile)))
    names = job.names
    for path in (names.output, names.removed, names.report):
        if path is not None:
            make_folder(Path(path).parent)
    check(job)
    told = time.monotonic()

    def cleaning(progress: Progress) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_EVERY_S:
            told = time.monotonic()
            tell(progress["done_s"])

    outcome = clean(job, JobCallbacks(cleaning=cleaning, note=notes.append, warn=notes.append))
    failure = _page(outcome)
    answer = Answer(
        None if failure is None else failure.message,
        "" if failure is None else failure.details,
        seconds=outcome.record.seconds,
        reduction_db=outcome.record.reduction_db,
        notes=(*notes, *warnings(outcome)),
        remarks=outcome.remarks,
    )
    return written(task, answer)


def _page(outcome: Outcome) -> Failure | None:
    """Write the page, if one is wanted; the result is there already, whatever goes wrong."""
    if outcome.job.names.report is None:
        return None
    from dap_stream.apps.files.report_page import write_report

    try:
        write_report(outcome)
    except Exception as error:  # noqa: BLE001  as of a task
        return failure_of(outcome.job, error)
    return None


@lru_cache(maxsize=4)
def _profile(path: str, state: object) -> Profile:
    """Read once for all recordings that start with it, and once more if it is another one meanwhile."""
    return load_profile(path)


def _learn(task: LearnTask) -> Answer:
    start = None if task.profile is None else load_profile(task.profile)
    models = make_models(task.chain, start)
    try:
        with JoinedSource(task.sources, task.stream) as source:
            pretrain(task.chain, models, source)
        profile = learned(task.chain, models)
    finally:
        for model in models.values():
            model.close()
    make_folder(Path(task.output).parent)
    replace_profile(task.output, profile)
    return Answer()
