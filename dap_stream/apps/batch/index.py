"""The page that leads to the pages of all recordings of a batch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dap_stream.apps.batch.item import FAILED, OPEN, SKIPPED, Item
from dap_stream.apps.batch.journal import DONE as JOURNAL_DONE
from dap_stream.apps.batch.journal import Entry, read_journals
from dap_stream.apps.batch.name_template import PAGE
from dap_stream.core.small_file import open_regular
from dap_stream.errors import OutputError
from dap_stream.io.file_set import write_whole
from dap_stream.io.output_paths import check_folder, make_folder
from dap_stream.report.index_page import IndexRow, index_text, is_index

_NAME = "index.html"
_HEAD_BYTES = 4096
_NOT_YET = "not done yet"


def check_index(folder: Path, force: bool) -> None:
    """Have the folder of the pages; OutputError if the index cannot be there, or is somebody else's."""
    make_folder(folder)
    path = folder / _NAME
    check_folder(str(path))
    if force or not os.path.lexists(path):
        return
    try:
        with open_regular(path) as file:
            is_ours = is_index(file.read(_HEAD_BYTES).decode("utf-8", "replace"))
    except OSError:
        is_ours = False
    if not is_ours:
        raise OutputError(
            f"{path}: is not the index of a batch; choose another folder for --report, "
            "or say force=True to replace it"
        )


def write_index(folder: Path, output: Path, items: Iterable[Item]) -> None:
    """The index, in the place of an earlier one; OutputError if it cannot be written.

    Parameters
    ----------
    folder
        Folder of the pages.
    output
        Folder of the results. What its journals say is read again: other shards are at work too.
    items
        All of this run. Recordings of earlier runs that have a page in ``folder`` are listed as well.
    """
    entries = read_journals(output)
    rows = {
        name: row
        for name, entry in entries.items()
        if entry.event == JOURNAL_DONE and (row := _done(entry, folder, output)).report is not None
    }
    rows.update((item.output, _row(item, entries, folder, output)) for item in items)
    title = os.path.basename(os.path.abspath(output))
    text = index_text(title, [rows[name] for name in sorted(rows)])
    write_whole(folder / _NAME, text.encode("utf-8", "backslashreplace"))


def _row(item: Item, entries: Mapping[str, Entry], folder: Path, output: Path) -> IndexRow:
    if item.status == FAILED:
        return IndexRow(item.source, None, "failed", item.seconds, remark=item.reason)
    entry = entries.get(item.output)
    if entry is not None and entry.event == JOURNAL_DONE and item.status != OPEN:
        return _done(entry, folder, output, item.notes)
    if item.status == SKIPPED:
        return IndexRow(item.source, None, "failed", item.seconds, remark=item.reason)
    return IndexRow(item.source, None, _NOT_YET, item.seconds)


def _done(entry: Entry, folder: Path, output: Path, notes: Iterable[str] = ()) -> IndexRow:
    start, base = os.path.realpath(folder), os.path.realpath(output)
    pages = (os.path.normpath(os.path.join(base, name)) for name in entry.beside if name.endswith(PAGE))
    here = [os.path.relpath(page, start) for page in pages if page.startswith(os.path.join(start, ""))]
    page = next((name for name in here if os.path.isfile(os.path.join(start, name))), None)
    return IndexRow(entry.source, page, "done", entry.seconds, entry.reduction_db, "; ".join(notes))
