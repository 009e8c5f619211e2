"""The plan of a set of files that take their places together, for whoever comes after a run that was killed.

No system renames several files in one step. So the plan is on the disk while it is done, a copy in each
folder: whoever finds it, with nobody at work, does the rest; or undoes what was done, if that cannot be.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from dap_stream.io.part_files import OLD, PART, PLAN, hidden_path, kind_of, make_locked

FORMAT = "dap_stream set 1"

State = tuple[int, int, int]
"""Tells a file from all others that were under its name: number, bytes, time of the last change."""


def state_of(path: str | Path) -> State | None:
    """None if there is no such file."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass(frozen=True)
class Step:
    """``part`` takes the place of ``target``; ``backup`` is what was there, as long as it can be undone."""

    part: str
    target: str
    backup: str | None
    new: State | None
    old: State | None

    @property
    def is_done(self) -> bool:
        """Whether the new file stands in its place."""
        return self.new is not None and state_of(self.target) == self.new

    @property
    def is_possible(self) -> bool:
        """Whether it can still be done, and nobody has been there since."""
        return state_of(self.part) == self.new and state_of(self.target) == self.old

    def do(self) -> None:
        """Put the new file in its place; OSError."""
        if self.old is None:
            os.link(self.part, self.target)
        else:
            os.replace(self.part, self.target)

    def undo(self) -> None:
        """Put back what was there; OSError."""
        if self.old is None:
            os.unlink(self.target)
        elif self.backup is None:
            raise FileNotFoundError(self.target)
        else:
            os.replace(self.backup, self.target)


class Plan:
    """Copies of a plan, on the disk until `remove`."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._copies: dict[Path, int | None] = {}

    def write(self) -> None:
        """One copy in each folder. On a disk that has no room for it, it is done without."""
        folders = {Path(step.target).parent: Path(step.target) for step in self._steps}
        paths = [hidden_path(target, PLAN) for target in folders.values()]
        content = {
            "format": FORMAT,
            "copies": [str(path) for path in paths],
            "steps": [asdict(step) for step in self._steps],
        }
        data = json.dumps(content).encode()
        try:
            for path in paths:
                self._copies[path] = None
                self._copies[path] = make_locked(path, is_private=True)
                with path.open("r+b") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError:
            self.remove()

    def remove(self) -> None:
        """All is done, or undone."""
        for path, lock in self._copies.items():
            with contextlib.suppress(OSError):
                path.unlink()
            if lock is not None:
                os.close(lock)
        self._copies = {}


def complete(path: Path, descriptor: int) -> None:
    """Do or undo the rest of a plan that nobody is at any more; it and what it names are removed.

    ``descriptor`` is of the plan, open and locked. A plan that is not to be trusted is left alone.
    """
    if not _is_trusted(descriptor):
        return
    steps, copies = _read(descriptor)
    done = [step for step in steps if step.is_done]
    rest = [step for step in steps if not step.is_done]
    can_go_on = bool(done) and all(step.is_possible for step in rest)
    for step in rest if can_go_on else done if rest else ():
        with contextlib.suppress(OSError):
            step.do() if can_go_on else step.undo()
    leftovers = [step.part for step in steps] + [step.backup for step in steps if step.backup is not None]
    for name in (*leftovers, *copies, str(path)):
        with contextlib.suppress(OSError):
            os.unlink(name)


def _is_trusted(descriptor: int) -> bool:
    """Whether it was written by this user: a plan of a stranger would have us move files for him."""
    status = os.fstat(descriptor)
    is_own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return (
        is_own and status.st_nlink == 1 and not stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _read(descriptor: int) -> tuple[list[Step], list[str]]:
    """Steps and copies; none if it was not written to its end, and nothing was done then."""
    with open(descriptor, "rb", closefd=False) as file:
        data = file.read()
    try:
        content = json.loads(data)
        if content["format"] != FORMAT:
            return [], []
        steps = [
            Step(
                str(step["part"]),
                str(step["target"]),
                None if step["backup"] is None else str(step["backup"]),
                _as_state(step["new"]),
                _as_state(step["old"]),
            )
            for step in content["steps"]
        ]
        copies = [str(copy) for copy in content["copies"]]
    except (ValueError, KeyError, TypeError):
        return [], []
    names = [(step.part, PART) for step in steps] + [(copy, PLAN) for copy in copies]
    names += [(step.backup, OLD) for step in steps if step.backup is not None]
    if any(kind_of(os.path.basename(name)) != kind for name, kind in names):
        return [], []
    return steps, copies


def _as_state(value: Sequence[int] | None) -> State | None:
    if value is None:
        return None
    number, n_bytes, changed = (int(each) for each in value)
    return number, n_bytes, changed
