"""The terminal's side of a run: progress and notes on standard error, results on standard output."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dap_stream.apps.files.batch import Failure
from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.damage import table
from dap_stream.apps.files.estimate import make_estimate
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.apps.files.report import (
    estimate_json,
    estimate_text,
    failure_json,
    result_json,
    result_line,
    warnings,
)
from dap_stream.cli.progress import Meter
from dap_stream.cli.wording import in_options
from dap_stream.io.output_paths import NOWHERE, PIPE
from dap_stream.processors.registry import PROCESSORS

COMPILING = "some seconds; 20 for all repairs"  # measured


class Console:
    """Does jobs, and says so where it is wanted.

    ``is_piped``: standard output is full of audio, so that all text goes to standard error.
    """

    def __init__(self, n_jobs: int, quiet: bool = False, json: bool = False, is_piped: bool = False) -> None:
        self._n_jobs, self._quiet, self._json = n_jobs, quiet, json
        self._out = sys.stderr if is_piped else sys.stdout
        self._has_looked_at_kernels = False

    def note(self, text: str) -> None:
        """For whoever looks at the terminal."""
        if not self._quiet:
            print(f"dap-stream: {text}", file=sys.stderr)

    def warn(self, text: str) -> None:
        """For whoever hears the result: quiet or not."""
        print(f"dap-stream: warning: {text}", file=sys.stderr)

    def failed(self, failure: Failure) -> None:
        """Why a recording was not cleaned."""
        failure = replace(failure, message=in_options(failure.message))
        if failure.details:
            print(failure.details, file=sys.stderr, end="")
        print(f"dap-stream: error: {failure.message}", file=sys.stderr)
        if self._json:
            self._tell(failure_json(failure))

    def estimate(self, number: int, job: Job) -> None:
        """The dry run of one job."""
        estimate = make_estimate(job)
        self._tell(estimate_json(estimate) if self._json else estimate_text(estimate))

    def clean(self, number: int, job: Job) -> None:
        """One job (``number`` from 0) with its progress, warnings and result."""
        self.say_if_compiling(job.chain.names)
        name = "pipe" if job.names.source == PIPE else Path(job.names.source).name
        title = f"{number + 1}/{self._n_jobs} {name}" if self._n_jobs > 1 else name
        is_only_looked_at = job.names.output == NOWHERE
        with Meter(title, False if self._quiet else None) as meter:
            callbacks = JobCallbacks(meter.learning, meter.cleaning, self.note, self.warn, meter.levelling)
            outcome = clean(job, callbacks)
        for text in warnings(outcome):
            self.warn(text)
        if job.names.report is not None:
            from dap_stream.apps.files.report_page import write_report

            write_report(outcome)
        if job.names.labels is not None:
            from dap_stream.apps.files.labels import write_labels

            write_labels(outcome)
        if self._json:
            self._tell(result_json(outcome))
        elif is_only_looked_at:
            self._tell(table(outcome))
        elif not self._quiet:
            self._tell(result_line(outcome))

    def _tell(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def say_if_compiling(self, names: Sequence[str] = ("denoise",)) -> None:
        """Why a run with these processors begins more slowly: the first on a machine, or each one.

        The latter where nothing can be kept.
        """
        if self._has_looked_at_kernels:
            return
        self._has_looked_at_kernels = True
        from dap_stream.core import jit, kernel_cache

        if all(jit.is_kept(kernel) for name in names if (kernel := _kernel_of(name)) is not None):
            return
        reason = kernel_cache.problem()
        each = "first run on this machine" if reason is None else f"at each run: none can be kept, {reason}"
        self.note(f"compiling kernels ({each}; {COMPILING})")


def _kernel_of(name: str) -> Any:
    """A kernel of a processor, or None."""
    module, _, kernel = PROCESSORS[name].kernel.rpartition(".")
    return getattr(importlib.import_module(module), kernel) if module else None
