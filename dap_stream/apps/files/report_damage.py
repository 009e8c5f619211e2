"""Damage on the page of a report: marks on its time line, and a table with what can be heard of it."""

from __future__ import annotations

from collections.abc import Sequence

from dap_stream.apps.files.damage import MOST_ROWS, channel_text, length_text, shares, totals, what_text
from dap_stream.apps.files.job import Outcome
from dap_stream.apps.files.report_places import Segment
from dap_stream.processors.findings import Finding
from dap_stream.report.report_values import FoundKind, FoundRow

_AROUND_S = 0.5  # played before and after a finding
_MOST_PLAYED_S = 6.0


def found_kinds(outcome: Outcome, segments: Sequence[Segment]) -> list[FoundKind]:
    """All kinds that were looked for; times count from the start of the result.

    Parameters
    ----------
    outcome
        Of a job.
    segments
        Stretches that the page holds as sound.
    """
    rate = outcome.record.sample_rate
    shown, left = shares(outcome.findings, MOST_ROWS)
    return [
        FoundKind(
            total.kind,
            f"{total.count}, {length_text(total.seconds)} in all" if total.count else "nothing found",
            [
                (each.start / rate, each.n_samples / rate)
                for each in outcome.findings
                if each.kind == total.kind
            ],
            [_row(each, rate, segments) for each in shown if each.kind == total.kind],
            left.get(total.kind, 0),
        )
        for total in totals(outcome)
    ]


def _row(finding: Finding, rate: int, segments: Sequence[Segment]) -> FoundRow:
    start_s, length_s = finding.start / rate, finding.n_samples / rate
    return FoundRow(
        finding.kind,
        start_s,
        length_text(length_s),
        channel_text(finding),
        what_text(finding),
        _played(start_s, length_s, segments),
    )


def _played(start_s: float, length_s: float, segments: Sequence[Segment]) -> tuple[float, float] | None:
    """Start and length of what is played of a finding, with a little around it; None if it is not held."""
    for segment in segments:
        end_s = segment.start_s + segment.seconds
        if segment.start_s <= start_s < end_s:
            first = max(start_s - _AROUND_S, segment.start_s)
            return first, min(start_s + length_s + _AROUND_S, first + _MOST_PLAYED_S, end_s) - first
    return None
