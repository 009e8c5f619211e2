"""Damage on the page of a report: marks on the time line, and a section with what was found."""

from __future__ import annotations

import html

from dap_stream.core.units import format_seconds
from dap_stream.report.marks import marks_svg
from dap_stream.report.report_values import FoundKind, FoundRow, ReportValues

_COLUMNS = (
    '<th scope="col">Kind</th><th scope="col" class="number">At</th>'
    '<th scope="col" class="number">Length</th><th scope="col">Channel</th>'
    '<th scope="col">What</th><th scope="col">Listen</th>'
)


def found_marks(values: ReportValues) -> str:
    """A strip for each kind that was found, as long as the pictures above it."""
    return "".join(_strip(each, values.seconds) for each in values.found if each.marks)


def _strip(found: FoundKind, seconds: float) -> str:
    label = f"Where {found.kind} was found over time: {found.total}"
    return (
        f"<h3>{html.escape(found.kind.capitalize())} <small>{html.escape(found.total)}</small></h3>"
        f'<div class="lanes"><div class="plot found">{marks_svg(found.marks, seconds, label)}'
        f'<i class="cursor"></i></div></div>'
    )


def found_section(values: ReportValues) -> str:
    """Totals, and a table with a button where the sound is held; nothing where no damage was looked for."""
    if not values.found:
        return ""
    totals = "".join(
        f'<tr><th scope="row">{html.escape(each.kind)}</th><td>{html.escape(each.total)}</td></tr>'
        for each in values.found
    )
    return (
        '<section aria-labelledby="found-title"><h2 id="found-title">What was found</h2>'
        '<div class="scroll" tabindex="0" role="group" aria-labelledby="found-title">'
        '<table class="totals"><caption>Damage that was looked for.</caption>'
        f"<tbody>{totals}</tbody></table></div>{_table(values)}</section>"
    )


def _table(values: ReportValues) -> str:
    rows = "".join(_row(row) for each in values.found for row in each.rows)
    if not rows:
        return ""
    more = ", ".join(f"{each.n_more} more of {each.kind}" for each in values.found if each.n_more)
    note = f" And {more}." if more else ""
    return (
        '<div class="scroll tall" tabindex="0" role="group" aria-label="Each finding">'
        f'<table class="places"><caption>One by one, repair by repair.{html.escape(note)}</caption>'
        f"<thead><tr>{_COLUMNS}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: FoundRow) -> str:
    at = format_seconds(row.start_s, 3)
    button = ""
    if row.play is not None:
        name = f"Play {html.escape(row.kind)} at {at}"
        button = (
            f'<button type="button" class="place" data-start="{row.play[0]:.3f}" '
            f'data-seconds="{row.play[1]:.3f}" aria-label="{name}">Play</button>'
        )
    return (
        f'<tr><td>{html.escape(row.kind)}</td><td class="number">{at}</td>'
        f'<td class="number">{html.escape(row.length)}</td><td>{html.escape(row.channel)}</td>'
        f"<td>{html.escape(row.text)}</td><td>{button}</td></tr>"
    )
