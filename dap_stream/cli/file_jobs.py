"""Jobs on recordings, one after the other, with what is told of them on the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dap_stream.io.output_paths import PIPE, OutputCheck

if TYPE_CHECKING:
    from dap_stream.apps.files.job import Job


def run_jobs(args: argparse.Namespace, jobs: Sequence[Job]) -> int:
    """Check all, do all; the exit status."""
    from dap_stream.apps.files.batch import exit_status, run_all, summary
    from dap_stream.apps.files.job_check import check
    from dap_stream.cli.console import Console

    names = [job.names for job in jobs]
    is_piped = names[0].output == PIPE and not args.dry_run
    console = Console(len(jobs), args.quiet, args.json, is_piped)
    outputs = OutputCheck(names, args.force)

    def check_job(job: Job) -> None:
        outputs.check(job.names)
        check(job)

    work = console.estimate if args.dry_run else console.clean
    failures = run_all(jobs, check_job, work, console.failed)
    if len(jobs) > 1 and not args.quiet:
        console.note(summary(failures, len(jobs)))
    return exit_status(failures, len(jobs))
