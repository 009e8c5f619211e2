"""Journal of a batch in its output folder: what was begun, done and failed, across runs and kills.

One line of JSON an event, on the disk before the run goes on. Shards have a journal each, and read all.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dap_stream.core.small_file import open_regular
from dap_stream.errors import OutputError
from dap_stream.io.output_paths import make_folder

FOLDER = ".dap_batch"  # in the output folder; hidden, so that nobody takes it for recordings
BEGUN, DONE, FAILED = "begun", "done", "failed"

FileState = tuple[int, int]
"""Size in bytes and time of the last change in ns: another file, or a changed one, has others."""


def file_state(path: str) -> FileState | None:
    """None if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


@dataclass(frozen=True)
class Entry:
    """Last event of a result. ``output`` is its path in the output folder, and names it.

    ``beside``: what was taken out and the page, by their paths from the output folder on. Without a state
    they are ours, but perhaps not of this result.
    """

    event: str
    output: str
    source: str
    fingerprint: str
    source_state: FileState | None
    result_state: FileState | None = None
    seconds: float | None = None
    wall_s: float | None = None
    reason: str = ""
    time_s: float = 0.0
    reduction_db: float | None = None
    beside: Mapping[str, FileState | None] = field(default_factory=dict)


def read_journals(output: str | Path) -> dict[str, Entry]:
    """Last entry of each result, from the journals of all shards; what is torn is left out."""
    entries: dict[str, Entry] = {}
    for path in sorted((Path(output) / FOLDER).glob("journal*.jsonl")):
        with contextlib.suppress(OSError), open_regular(path) as file:
            for line in file:
                entry = _entry(line)
                if entry is not None and (
                    entry.output not in entries or entry.time_s >= entries[entry.output].time_s
                ):
                    entries[entry.output] = entry
    return entries


def _entry(line: bytes) -> Entry | None:
    try:
        values: dict[str, Any] = json.loads(line)
        for key in ("source_state", "result_state"):
            values[key] = _state(values[key])
        values["beside"] = {name: _state(state) for name, state in values.get("beside", {}).items()}
        return Entry(**values)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _state(values: Any) -> FileState | None:
    return None if values is None else (int(values[0]), int(values[1]))


class Journal:
    """The journal of this run; every entry is on the disk when `write` returns."""

    def __init__(self, output: Path, suffix: str = "") -> None:
        self._path = output / FOLDER / f"journal{suffix}.jsonl"
        make_folder(self._path.parent)
        try:
            self._file = self._path.open("ab+")
            if self._file.tell() > 0:
                self._file.seek(-1, os.SEEK_END)
                if self._file.read(1) != b"\n":  # a run was killed in the middle of a line
                    self._file.write(b"\n")
        except OSError as error:
            raise self._failure(error) from error

    def write(self, entry: Entry) -> None:
        """Append it; OutputError if the disk does not take it."""
        values: Mapping[str, object] = {**asdict(entry), "time_s": time.time()}
        try:
            # In ASCII: names of files need not be text, and come back as they were.
            self._file.write(json.dumps(values).encode("ascii") + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._path}: the journal cannot be written ({error.strerror or error}); "
            "free some space, then run the same command again: it goes on from here"
        )

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
