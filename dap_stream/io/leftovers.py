"""Leftovers of killed runs in a folder: removed by the next one that writes there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from dap_stream.io.part_files import PLAN, kind_of, open_leftover
from dap_stream.io.set_plan import complete


def remove_leftovers(folder: Path) -> None:
    """Complete the sets that were begun, then remove the hidden files of runs that are no more.

    Only names of ours that nobody has locked. What cannot be looked at or removed stays.
    """
    names = _names(folder)
    for name in names:
        if kind_of(name) == PLAN:
            _remove_plan(folder / name)
    for name in names:
        if kind_of(name) not in (None, PLAN):
            _remove_part(folder / name)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove_plan(path: Path) -> None:
    descriptor = open_leftover(path)
    if descriptor is not None:
        try:
            complete(path, descriptor)
        finally:
            os.close(descriptor)


def _remove_part(path: Path) -> None:
    descriptor = open_leftover(path)
    if descriptor is None:
        return
    try:
        # Where there is still a plan, somebody is just completing it and needs them.
        if not any(kind_of(name) == PLAN for name in _names(path.parent)):
            with contextlib.suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)
