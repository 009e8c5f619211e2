"""The terminal's side of a batch: a line of progress, a line for each recording, and the sum at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dap_stream.apps.batch.item import FAILED, OPEN, SKIPPED, Item
from dap_stream.apps.batch.plan import Plan
from dap_stream.apps.batch.run import BatchCallbacks
from dap_stream.apps.batch.table import line, row, summary
from dap_stream.cli.console import Console
from dap_stream.cli.progress import BatchMeter
from dap_stream.cli.wording import in_options
from dap_stream.report.json_text import json_line


class BatchConsole:
    """Says what is wanted: ``quiet`` failures alone, ``json`` lines for programs."""

    def __init__(self, quiet: bool = False, json: bool = False) -> None:
        self._quiet, self._json = quiet, json

    def note(self, text: str) -> None:
        """For whoever looks at the terminal."""
        if not self._quiet:
            print(f"dap-stream: {text}", file=sys.stderr)

    def say_if_compiling(self) -> None:
        """Why the first results take longer."""
        Console(1, self._quiet).say_if_compiling()

    def planned(self, plan: Plan) -> None:
        """Say what was left out, and what failed before it began."""
        for text in plan.notes:
            print(f"dap-stream: warning: {text}", file=sys.stderr)
        for item in plan.items:
            if item.status == FAILED:
                self._tell(item)

    def dry_run(self, plan: Plan) -> None:
        """A line for each recording, in the order in which they would be done."""
        self.planned(plan)
        for item in [*plan.todo, *(item for item in plan.items if item.status not in (OPEN, FAILED))]:
            self._tell(item)
        print(f"dap-stream: {summary(plan.items)} (dry run: nothing is written)", file=sys.stderr)

    @contextmanager
    def running(self, plan: Plan) -> Iterator[BatchCallbacks]:
        """Progress while it runs."""
        todo = plan.todo
        with BatchMeter(
            len(todo), sum(item.seconds or 0.0 for item in todo), False if self._quiet else None
        ) as meter:

            def over(item: Item, details: str) -> None:
                meter.over(item.number, item.seconds or 0.0, item.status == FAILED)
                meter.clear()
                if details:
                    print(details, file=sys.stderr, end="")
                self._tell(item)

            def heard(item: Item, seconds: float) -> None:
                meter.heard(item.number, seconds)

            yield BatchCallbacks(over, heard, meter.learning)

    def _tell(self, item: Item) -> None:
        if item.status == FAILED:
            item.reason = in_options(item.reason)
            print(f"dap-stream: error: {item.reason}", file=sys.stderr)
        elif not self._quiet:
            for text in item.notes:
                print(f"dap-stream: {text}", file=sys.stderr)
        if self._json:
            print(json_line(row(item)), flush=True)
        elif not self._quiet and item.status not in (FAILED, SKIPPED):
            print(line(item), flush=True)

    def stopped(self, plan: Plan) -> None:
        """How to go on."""
        print(f"dap-stream: {summary(plan.items)}; the same command goes on from here", file=sys.stderr)

    def ended(self, plan: Plan) -> None:
        """The table of what failed, and the sum of all."""
        if self._quiet or self._json:
            return
        for item in plan.items:
            if item.status == FAILED:
                print(line(item))
        print(summary(plan.items), flush=True)
