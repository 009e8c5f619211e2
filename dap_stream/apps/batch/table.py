"""The table of a batch: a row for each recording, as lines of text, CSV or JSON."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from dap_stream.apps.batch.item import DONE, ELSEWHERE, FAILED, OPEN, SKIPPED, Item
from dap_stream.core.units import format_seconds
from dap_stream.errors import SettingError
from dap_stream.io.file_set import write_whole
from dap_stream.report.json_text import json_line

COLUMNS = (
    "status", "input", "output", "removed", "report",
    "seconds", "wall_s", "reduction_db", "shard", "reason", "notes",
)  # fmt: skip
SUFFIXES = (".csv", ".jsonl")


def check_table(path: str) -> None:
    """SettingError for an ending that is no kind of table."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise SettingError(f"--table {path}: must end in {' or '.join(SUFFIXES)}")


def row(item: Item) -> dict[str, object]:
    """Values of all `COLUMNS`."""
    return {
        "status": item.status,
        "input": item.source,
        "output": item.names.output,
        "removed": item.names.removed,
        "report": item.names.report,
        "seconds": item.seconds,
        "wall_s": item.wall_s,
        "reduction_db": item.reduction_db,
        "shard": item.shard,
        "reason": item.reason,
        "notes": list(item.notes),
    }


def write_table(path: str, items: Iterable[Item]) -> None:
    """The table as a file, in the place of an earlier one; OutputError if it cannot be written."""
    rows = [row(item) for item in items]
    if Path(path).suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        for values in rows:
            notes = " | ".join(str(note) for note in values.pop("notes"))  # type: ignore[attr-defined]
            writer.writerow(["" if value is None else value for value in (*values.values(), notes)])
        content = text.getvalue().encode("utf-8", "backslashreplace")
    else:
        content = "".join(f"{json_line(values)}\n" for values in rows).encode("ascii")
    write_whole(Path(path), content)


def line(item: Item) -> str:
    """One line of text: what became of a recording."""
    if item.status == FAILED:
        return f"{FAILED:<8} {item.reason}"
    facts = []
    if item.seconds is not None:
        facts.append(format_seconds(item.seconds))
    if item.reduction_db is not None:
        change = "raised" if item.reduction_db < 0.0 else "reduced"
        facts.append(f"{change} by {abs(item.reduction_db):.1f} dB")
    if item.wall_s is not None:
        facts.append(f"took {format_seconds(item.wall_s, 1)}")
    if item.reason:
        facts.append(item.reason)
    told = f" ({', '.join(facts)})" if facts else ""
    return f"{item.status:<8} {item.source} -> {item.names.output}{told}"


def summary(items: Sequence[Item]) -> str:
    """One line: how many of each, and seconds of audio done."""
    count = Counter(item.status for item in items)
    seconds = sum(item.seconds or 0.0 for item in items if item.status == DONE)
    texts = [f"{count[DONE]} done ({format_seconds(seconds)} of audio)"]
    texts += [f"{count[status]} {status}" for status in (SKIPPED, FAILED)]
    if count[ELSEWHERE]:
        texts.append(f"{count[ELSEWHERE]} in other shards")
    if count[OPEN]:
        texts.append(f"{count[OPEN]} not done yet")
    plural = "" if len(items) == 1 else "s"
    return f"{len(items)} recording{plural}: {', '.join(texts)}"
