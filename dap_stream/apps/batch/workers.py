"""The promise of whatever does tasks at several places at once: processes here, or machines elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from dap_stream.apps.batch.tasks import Answer, Task


@dataclass(frozen=True)
class Ready:
    """The place can be given a task."""

    place: int


@dataclass(frozen=True)
class Heard:
    """Seconds of audio of the task that are done."""

    place: int
    seconds: float


@dataclass(frozen=True)
class Answered:
    """The task is over. The place is ready again."""

    place: int
    answer: Answer


@dataclass(frozen=True)
class Lost:
    """Whoever was at the place is gone, and so is what it was doing; `Ready` comes when another is there."""

    place: int
    reason: str


Event: TypeAlias = Ready | Heard | Answered | Lost


class Workers(Protocol):
    """Places that do a task at a time. Used in a ``with`` block; leaving it ends what is being done."""

    def want(self, n_tasks: int) -> None:
        """Have as many places as are of use for so many tasks."""

    def start(self, place: int, task: Task) -> None:
        """Give a task to a place that is ready."""

    def wait(self) -> Sequence[Event]:
        """Wait for the next events."""

    def __enter__(self) -> Workers: ...

    def __exit__(self, *error: object) -> None: ...
