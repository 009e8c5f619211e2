"""Tasks of workers, and their answers: plain data that goes from one process to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from dap_stream.apps.batch.journal import FileState, file_state
from dap_stream.apps.files.job import Job
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.chain_settings import ChainSettings


@dataclass(frozen=True)
class CleanTask:
    """Clean a recording; ``profile`` is the file that it starts with."""

    number: int
    job: Job
    profile: str | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return self.job.names.source


@dataclass(frozen=True)
class LearnTask:
    """Learn a profile from several recordings, with their lengths in samples, and write it."""

    number: int
    name: str
    sources: tuple[tuple[str, int], ...]
    stream: StreamFormat
    chain: ChainSettings
    profile: str | None
    output: str


Task: TypeAlias = CleanTask | LearnTask


def again(task: Task) -> Task:
    """The task for a second try: its first worker may have put the result in its place before it was lost."""
    return replace(task, job=replace(task.job, force=True)) if isinstance(task, CleanTask) else task


@dataclass(frozen=True)
class Answer:
    """End of a task: done, unless ``error`` says why not. ``details`` only for a fault of ours.

    ``result_state``, and of each file ``beside``: of what was written, also if something failed after it.
    """

    error: str | None = None
    details: str = ""
    seconds: float | None = None
    wall_s: float | None = None
    reduction_db: float | None = None
    notes: tuple[str, ...] = field(default=())
    remarks: tuple[str, ...] = field(default=())
    result_state: FileState | None = None
    beside: Mapping[str, FileState | None] = field(default_factory=dict)


def written(task: CleanTask, answer: Answer) -> Answer:
    """The answer with the states of the files that the task has written, if it came that far."""
    names = task.job.names
    beside = {path: file_state(path) for path in (names.removed, names.report) if path is not None}
    return replace(answer, result_state=file_state(names.output), beside=beside)
