"""Hands tasks to workers, the first one first, and once more those whose worker was lost."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence

from dap_stream.apps.batch.tasks import Answer, CleanTask, Task, again, written
from dap_stream.apps.batch.workers import Answered, Heard, Lost, Ready, Workers

TRIES = 2


class Scheduler:
    """Runs lists of tasks, one list after the other, on the same workers.

    Parameters
    ----------
    workers
        Whoever does them.
    begun, heard, finished
        Told of each task when it is handed out, of the seconds of audio that are done, and of its end.
    """

    def __init__(
        self,
        workers: Workers,
        begun: Callable[[Task], None],
        heard: Callable[[Task, float], None],
        finished: Callable[[Task, Answer], None],
    ) -> None:
        self._workers = workers
        self._begun, self._heard, self._finished = begun, heard, finished
        self._ready: deque[int] = deque()

    def run(self, tasks: Sequence[Task]) -> None:
        """All of them; returns when the last one is over."""
        waiting = deque(tasks)
        busy: dict[int, Task] = {}
        tried: Counter[int] = Counter()
        self._workers.want(len(tasks))
        while waiting or busy:
            while waiting and self._ready:
                place, task = self._ready.popleft(), waiting.popleft()
                tried[task.number] += 1
                if tried[task.number] == 1:
                    self._begun(task)
                busy[place] = task
                self._workers.start(place, task)
            for event in self._workers.wait():
                if isinstance(event, Ready):
                    self._ready.append(event.place)
                elif isinstance(event, Heard):
                    if event.place in busy:
                        self._heard(busy[event.place], event.seconds)
                elif isinstance(event, Answered):
                    self._ready.append(event.place)
                    self._finished(busy.pop(event.place), event.answer)
                elif isinstance(event, Lost):
                    self._lose(event, busy, waiting, tried)

    def _lose(self, event: Lost, busy: dict[int, Task], waiting: deque[Task], tried: Counter[int]) -> None:
        if event.place in self._ready:
            self._ready.remove(event.place)
        task = busy.pop(event.place, None)
        if task is None:
            return
        if tried[task.number] < TRIES:
            waiting.appendleft(again(task))
        else:
            answer = Answer(f"{task.name}: {event.reason}, {TRIES} times; clean it alone to see why")
            # Who is lost may have put the result in its place before.
            self._finished(task, written(task, answer) if isinstance(task, CleanTask) else answer)
