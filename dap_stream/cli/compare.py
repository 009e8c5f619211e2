"""``dap-stream compare``: two results in figures and one picture."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dap_stream.apps.compare.comparison import Comparison, Row


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = (
        "Two results of one recording beside each other: levels, loudness, noise floor; with --clean also "
        "scores, the better one marked. Nothing is changed."
    )
    parser.epilog = "example: dap-stream compare fast.wav best.wav --clean studio.wav --picture both.png"
    parser.add_argument("first", metavar="A", help="one result")
    parser.add_argument("second", metavar="B", help="the other")
    parser.add_argument("--clean", metavar="FILE", help="the sound without noise, to score both against")
    parser.add_argument("--picture", metavar="FILE", help="spectrograms of all as a PNG (extra report)")
    parser.add_argument("--force", action="store_true", help="replace the picture if it exists already")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare; the picture is checked before, and written before anything is said."""
    from dap_stream.apps.compare.comparison import compare
    from dap_stream.apps.compare.picture import check_picture, write_picture
    from dap_stream.report.json_text import json_line

    files = [args.first, args.second, *([args.clean] if args.clean is not None else [])]
    if args.picture is not None:
        check_picture(args.picture, files, args.force)
    found = compare(args.first, args.second, args.clean)
    if args.picture is not None:
        write_picture(args.picture, found, args.force)
    print(json_line(as_json(found)) if args.json else as_text(found))
    return 0


def as_json(found: Comparison) -> dict[str, object]:
    """All figures by name, ``better`` as A or B."""
    rows = {
        row.key: {
            "a": row.values[0],
            "b": row.values[1],
            "better": None if row.better is None else "ab"[row.better],
        }
        for row in found.rows
    }
    return {
        "a": found.names[0],
        "b": found.names[1],
        "clean": found.clean,
        "sample_rate": found.sample_rate,
        "seconds": found.seconds,
        "figures": rows,
        "notes": list(found.notes),
    }


def as_text(found: Comparison) -> str:
    """A table; a star stands beside the better one."""
    lines = [f"A: {found.names[0]}", f"B: {found.names[1]}"]
    if found.clean is not None:
        lines.append(f"clean: {found.clean}")
    lines += [f"note: {note}" for note in found.notes]
    width = max(len(_title(row)) for row in found.rows)
    lines.append(f"{'':{width}}  {'A':>10}   {'B':>10}")
    for row in found.rows:
        cells = [f"{_number(row.values[i]):>10}{'*' if row.better == i else ' '}" for i in (0, 1)]
        lines.append(f"{_title(row):{width}}  {cells[0]}  {cells[1]}".rstrip())
    if any(row.better is not None for row in found.rows):
        lines.append("* the better one, against the clean sound")
    return "\n".join(lines)


def _title(row: Row) -> str:
    return f"{row.title}, {row.unit}" if row.unit else row.title


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) and abs(value) > 9 else f"{value:.2f}"
