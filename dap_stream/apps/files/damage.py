"""Damage that a run has found, in words and figures: totals of each kind, a table, values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dap_stream.apps.files.job import Outcome
from dap_stream.core.units import format_channels, format_seconds
from dap_stream.io.output_paths import shown_name
from dap_stream.processors.findings import Finding
from dap_stream.processors.registry import PROCESSORS

MOST_ROWS = 50  # of the table, all kinds together
_COLUMNS = ("kind", "start", "length", "channel", "what")


@dataclass(frozen=True)
class Total:
    """All damage of one kind; ``seconds`` of all channels together."""

    kind: str
    count: int
    seconds: float


def totals(outcome: Outcome) -> list[Total]:
    """Of each kind that was looked for, in the order of the chain."""
    rate = outcome.record.sample_rate
    made = []
    for kind in (PROCESSORS[name].repairs for name in outcome.chain.names):
        if kind:
            found = [each for each in outcome.findings if each.kind == kind]
            n_samples = sum(each.n_damaged for each in found)
            made.append(Total(kind, sum(each.count for each in found), n_samples / rate))
    return made


def totals_text(outcome: Outcome) -> list[str]:
    """``clicks: 312, 0.41 s in all`` for each kind that was found; one that says so if there was nothing."""
    looked_for = totals(outcome)
    found = [each for each in looked_for if each.count]
    if looked_for and not found:
        return [f"nothing found ({', '.join(each.kind for each in looked_for)})"]
    return [f"{each.kind}: {each.count}, {length_text(each.seconds)} in all" for each in found]


def start_of(outcome: Outcome, finding: Finding) -> float:
    """Seconds from the start of the recording, of which a part may have been looked at."""
    return outcome.job.start_s + finding.start / outcome.record.sample_rate


def finding_values(outcome: Outcome) -> list[dict[str, object]]:
    """All findings as plain values; channels count from 1, null stands for all of them."""
    rate = outcome.record.sample_rate
    return [
        {
            "kind": each.kind,
            "start_s": start_of(outcome, each),
            "seconds": each.n_samples / rate,
            "channel": None if each.channel is None else each.channel + 1,
            "text": each.text,
            "count": each.count,
        }
        for each in outcome.findings
    ]


def total_values(outcome: Outcome) -> dict[str, object]:
    """`totals` as plain values by kind."""
    return {each.kind: {"count": each.count, "seconds": each.seconds} for each in totals(outcome)}


def table(outcome: Outcome) -> str:
    """A heading with the totals, and a row for each finding, or for the first ones of each kind."""
    record = outcome.record
    sound = f"{format_seconds(record.seconds)} at {record.sample_rate} Hz, {format_channels(record.channels)}"
    head = f"{shown_name(outcome.job.names.source)}: {sound}"
    lines = ["; ".join([head, *totals_text(outcome)])]
    shown, left = shares(outcome.findings, MOST_ROWS)
    if shown:
        rows = [_COLUMNS, *(_row(outcome, each) for each in shown)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS) - 1)]
        for kind, start, length, channel, what in rows:
            cells = (kind.ljust(widths[0]), start.rjust(widths[1]), length.rjust(widths[2]))
            lines.append(f"  {'  '.join(cells)}  {channel.ljust(widths[3])}  {what}".rstrip())
    if left:
        more = ", ".join(f"{count} more of {kind}" for kind, count in left.items())
        lines.append(f"  and {more}; --json and --labels have them all")
    return "\n".join(lines)


def shares(findings: Sequence[Finding], most: int) -> tuple[list[Finding], dict[str, int]]:
    """The first of each kind, ``most`` in all, shared among the kinds; and how many are left of which."""
    by_kind: dict[str, list[Finding]] = {}
    for each in findings:
        by_kind.setdefault(each.kind, []).append(each)
    room: dict[str, int] = {}
    for i, kind in enumerate(sorted(by_kind, key=lambda kind: len(by_kind[kind]))):
        room[kind] = min(len(by_kind[kind]), (most - sum(room.values())) // (len(by_kind) - i))
    shown = [each for kind, found in by_kind.items() for each in found[: room[kind]]]
    left = {kind: len(found) - room[kind] for kind, found in by_kind.items() if len(found) > room[kind]}
    return shown, left


def _row(outcome: Outcome, finding: Finding) -> tuple[str, ...]:
    return (
        finding.kind,
        format_seconds(start_of(outcome, finding), 3),
        length_text(finding.n_samples / outcome.record.sample_rate),
        channel_text(finding),
        what_text(finding),
    )


def channel_text(finding: Finding) -> str:
    """Number of the channel, from 1."""
    return "all" if finding.channel is None else str(finding.channel + 1)


def what_text(finding: Finding) -> str:
    """The damage in a few words, and how many are told as one."""
    many = f"{finding.count} near to each other" if finding.count > 1 else ""
    return ", ".join(part for part in (finding.text, many) if part)


def length_text(seconds: float) -> str:
    """Three digits at least, in the unit that suits.

    >>> length_text(0.0008), length_text(0.412), length_text(12.34), length_text(100.0)
    ('0.800 ms', '412 ms', '12.3 s', '1:40')
    """
    if seconds >= 60.0:
        return format_seconds(seconds)
    value, unit = (seconds, "s") if seconds >= 0.9995 else (1000.0 * seconds, "ms")
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2 if value >= 0.9995 else 3}f} {unit}"
