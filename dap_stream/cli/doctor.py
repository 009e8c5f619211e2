"""``dap-stream doctor``: whether all is well here, as text or for a bug report."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dap_stream.apps.doctor.check import Finding


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = (
        "Look whether everything is there and works: versions, machine, sound devices and servers, caches, "
        "weights, and a test of speed with ten seconds of sound. Nothing is changed; no names of users or "
        "devices are told. Exit status 1 only if something that is needed is broken."
    )
    parser.epilog = "example: dap-stream doctor --json > doctor.json"
    parser.add_argument("--json", action="store_true", help="one line of JSON, for bug reports")
    parser.add_argument("--no-speed", action="store_true", help="leave out the test of speed")
    parser.set_defaults(run=run, tells_only=True)


def run(args: argparse.Namespace) -> int:
    """Tell each finding as it comes, or all at the end as JSON."""
    from dap_stream.apps.doctor.run import examine, exit_status
    from dap_stream.core.version import __version__
    from dap_stream.report.json_text import json_line

    def tell(finding: Finding) -> None:
        if not args.json:
            print(line(finding), flush=True)

    found = examine(tell, ("speed",) if args.no_speed else ())
    if args.json:
        checks = [
            {
                "group": each.group,
                "name": each.name,
                "state": each.state,
                "text": each.text,
                "advice": each.advice,
                **each.values,
            }
            for each in found
        ]
        print(json_line({"version": __version__, "checks": checks}))
    return exit_status(found)


def line(finding: Finding) -> str:
    """One line: state, name, what is, what to do."""
    advice = f"; {finding.advice}" if finding.advice else ""
    return f"{finding.state:8} {finding.name:11} {finding.text}{advice}"
