"""A batch from its plan to its end: profiles first, then the recordings, and the journal of all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dap_stream.apps.batch.groups import learn_tasks, profile_path
from dap_stream.apps.batch.item import DONE, FAILED, Item
from dap_stream.apps.batch.journal import BEGUN, Entry, FileState, Journal, file_state
from dap_stream.apps.batch.journal import DONE as JOURNAL_DONE
from dap_stream.apps.batch.journal import FAILED as JOURNAL_FAILED
from dap_stream.apps.batch.plan import Plan, Wanted
from dap_stream.apps.batch.scheduler import Scheduler
from dap_stream.apps.batch.tasks import Answer, CleanTask, Task
from dap_stream.apps.batch.workers import Workers
from dap_stream.apps.files.job import Job
from dap_stream.io.leftovers import remove_leftovers


@dataclass(frozen=True)
class BatchCallbacks:
    """Told how it goes; each may raise to end it. ``details`` are for a fault of ours."""

    over: Callable[[Item, str], None]
    """An item is done or has failed, with details."""
    heard: Callable[[Item, float], None]
    """Seconds of audio of an item that are done."""
    learning: Callable[[int, int], None]
    """So many of all profiles are learned."""


class BatchRun:
    """A run over the open items of a plan, which end as done or failed.

    Parameters
    ----------
    plan, wanted
        What is to be done.
    journal
        Gets every event.
    callbacks
        Told how it goes.
    """

    def __init__(self, plan: Plan, wanted: Wanted, journal: Journal, callbacks: BatchCallbacks) -> None:
        self._plan, self._wanted, self._journal, self._callbacks = plan, wanted, journal, callbacks
        self._items = {item.number: item for item in plan.items}
        self._at_work: dict[int, Item] = {}

    def run(self, make_workers: Callable[[], Workers]) -> None:
        """All that is open. Whatever ends it early, nothing half-written stays."""
        for item in self._plan.items:
            if item.status == FAILED and item.shard == self._wanted.shard.number:
                self._journal.write(_entry(item, JOURNAL_FAILED))
        if not self._plan.todo:
            return
        try:
            with make_workers() as workers:
                scheduler = Scheduler(workers, self._begun, self._heard, self._finished)
                self._learn(scheduler)
                scheduler.run([self._task(item) for item in self._plan.todo])
        finally:
            for item in self._at_work.values():
                for path in (item.names.output, *item.beside):
                    _tidy(path)

    def _learn(self, scheduler: Scheduler) -> None:
        tasks = learn_tasks(self._plan.items, self._wanted.output)
        self._failed_profiles: dict[str, str] = {}
        self._n_learned, self._n_profiles = 0, len(tasks)
        self._callbacks.learning(0, len(tasks))
        scheduler.run(tasks)
        for item in self._plan.todo:
            reason = self._failed_profiles.get(profile_path(item, self._wanted.output) or "")
            if reason is not None:
                self._fail(item, Answer(f"{item.source}: no profile: {reason}"))

    def _task(self, item: Item) -> CleanTask:
        job = Job(item.names, item.chain, noise=self._wanted.noise, force=item.replaces)
        return CleanTask(item.number, job, profile_path(item, self._wanted.output))

    def _begun(self, task: Task) -> None:
        if isinstance(task, CleanTask):
            item = self._items[task.number]
            self._at_work[item.number] = item
            self._journal.write(_entry(item, BEGUN))

    def _heard(self, task: Task, seconds: float) -> None:
        if isinstance(task, CleanTask):
            self._callbacks.heard(self._items[task.number], seconds)

    def _finished(self, task: Task, answer: Answer) -> None:
        if not isinstance(task, CleanTask):
            self._n_learned += 1
            if answer.error is not None:
                self._failed_profiles[task.output] = answer.error
            self._callbacks.learning(self._n_learned, self._n_profiles)
            return
        item = self._at_work.pop(task.number)
        if answer.error is not None:
            self._fail(item, answer)
            return
        item.status, item.wall_s, item.reduction_db = DONE, answer.wall_s, answer.reduction_db
        item.notes = (*answer.notes, *answer.remarks)
        self._journal.write(_entry(item, JOURNAL_DONE, answer))
        self._callbacks.over(item, "")

    def _fail(self, item: Item, answer: Answer) -> None:
        assert answer.error is not None
        item.fail(answer.error)
        item.wall_s = answer.wall_s
        self._journal.write(_entry(item, JOURNAL_FAILED, answer))
        self._callbacks.over(item, answer.details)


def _entry(item: Item, event: str, answer: Answer | None = None) -> Entry:
    result = None if answer is None else answer.result_state
    if event == JOURNAL_FAILED and item.replaces and result is None:
        result = file_state(item.names.output)  # still that of an earlier run, and ours
    return Entry(
        event,
        item.output,
        item.source,
        item.fingerprint,
        item.source_state,
        result,
        item.seconds if answer is None or answer.seconds is None else answer.seconds,
        None if answer is None else answer.wall_s,
        item.reason,
        reduction_db=item.reduction_db,
        beside=_beside(item, event, answer),
    )


def _beside(item: Item, event: str, answer: Answer | None) -> dict[str, FileState | None]:
    """Names that were ours stay so; from now on those that are begun, and with their state those made."""
    if event == JOURNAL_FAILED and (answer is None or answer.result_state is None):
        return dict(item.earlier)  # nothing has been written
    states: dict[str, FileState | None] = dict.fromkeys(item.earlier)
    for path, name in item.beside.items():
        states[name] = None if answer is None else answer.beside.get(path)
    return states


def _tidy(path: str) -> None:
    """Remove what a worker that was killed could not."""
    remove_leftovers(Path(path).parent)
