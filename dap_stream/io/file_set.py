"""Files that take their places together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dap_stream.core.held_signals import held_back
from dap_stream.errors import OutputError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.set_plan import Plan, Step


def replace_together(files: Sequence[HiddenFile]) -> None:
    """Move all of them, settled, to their names; OutputError, and all is as it was.

    Signals wait meanwhile. If the run is killed, the next one that writes to one of the folders completes it.
    """
    # What may fail because somebody else was there comes first. The last one need not be undone.
    ordered = sorted(files, key=lambda file: file.force)
    with held_back():
        steps = [file.step(keeps_old=file is not ordered[-1]) for file in ordered]
        plan = Plan(steps)
        if len(steps) > 1:
            plan.write()
        try:
            for file in ordered:
                file.place()
        except OutputError as error:
            stuck = [file.name for file, step in zip(ordered, steps, strict=True) if not _is_back(file, step)]
            if stuck:
                names = " and ".join(stuck)
                raise OutputError(f"{error}; {names}: new, and could not be put back") from error
            raise
        finally:
            for file in ordered:
                file.forget_old()
            plan.remove()


def _is_back(file: HiddenFile, step: Step) -> bool:
    """Take back what was placed; nothing is done where nothing was."""
    try:
        file.take_back(step)
    except OSError:
        return False
    return True


def write_whole(
    path: Path, content: bytes, advice: str = "free space or choose another folder", force: bool = True
) -> None:
    """A file of this content, or what was there before; OutputError with ``advice`` if it cannot be."""
    hidden = HiddenFile(path, force)
    try:
        try:
            hidden.create().write_bytes(content)
            hidden.settle()
        except OSError as error:
            raise OutputError(f"{path}: writing failed ({error.strerror or error}); {advice}") from error
        replace_together([hidden])
    finally:
        hidden.remove()
