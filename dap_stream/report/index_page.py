"""One page that leads to the reports of many recordings."""

from __future__ import annotations

import html
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from dap_stream.core.units import format_seconds
from dap_stream.report.numbers import NONE, one_digit
from dap_stream.report.page_text import fill


@dataclass(frozen=True)
class IndexRow:
    """A recording: where its report is, relative to the page, if there is one, and what became of it."""

    name: str
    report: str | None
    state: str  # done, skipped, failed
    seconds: float | None = None
    reduction_db: float | None = None
    remark: str = ""


def index_text(title: str, rows: Sequence[IndexRow]) -> str:
    """The whole page, in the order of ``rows``."""
    counts = Counter(row.state for row in rows)
    seconds = sum(row.seconds or 0.0 for row in rows)
    told = ", ".join(f"{n} {state}" for state, n in counts.items())
    summary = f"{len(rows)} recordings, {format_seconds(seconds)} together: {told}"
    return fill(
        "index.html",
        {
            "title": html.escape(title),
            "summary": html.escape(summary),
            "rows": "".join(_row(row) for row in rows),
        },
    )


def is_index(head: str) -> bool:
    """Whether it is the beginning of a page that `index_text` has made."""
    return "dap_stream reports</title>" in head


def _row(row: IndexRow) -> str:
    name = html.escape(row.name)
    if row.report is not None:
        name = f'<a href="{html.escape(quote(os.fsencode(row.report)))}">{name}</a>'
    length = NONE if row.seconds is None else format_seconds(row.seconds)
    reduction = NONE if row.reduction_db is None else f"{one_digit(row.reduction_db)} dB"
    return (
        f'<tr><th scope="row">{name}</th><td>{html.escape(row.state)}</td><td class="number">{length}</td>'
        f'<td class="number">{reduction}</td><td>{html.escape(row.remark)}</td></tr>'
    )
