"""``dap-stream batch``: options to a plan, its run to lines on the terminal."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dap_stream.cli.options import (
    KEEP_HELP,
    LOUDNESS_SHORT,
    add_chain,
    add_loudness,
    chain_names,
    chosen_repairs,
    chosen_values,
    last_of_chain,
    option_help,
    whole_number,
)
from dap_stream.core.interrupts import Stopped
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import is_same_file

if TYPE_CHECKING:
    from dap_stream.apps.batch.plan import Plan, Wanted
    from dap_stream.apps.batch.workers import Workers
    from dap_stream.cli.batch_console import BatchConsole

# Option -> key of DenoiseSettings that it is short for.
SHORT = {
    "reduction": "reduction_db",
    "keep": "keep",
    "quality": "quality",
    "generator": "generator",
    "device": "device",
    **LOUDNESS_SHORT,
}

_EPILOG = """\
examples:
  dap-stream batch recordings -o cleaned                   a folder and all below it
  dap-stream batch 'day*/**/*.flac' -o cleaned --jobs 4    a pattern, in quotes
  find /archive -name '*.wav' | dap-stream batch --list - -o cleaned --root /archive
  dap-stream batch recordings -o cleaned --name '{parent}/{stem}.flac' --table all.csv
  dap-stream batch recordings -o cleaned --report pages --removed removed
  dap-stream batch recordings -o cleaned --profile-by folder
  srun -n 8 dap-stream batch recordings -o cleaned --shard slurm
  dap-stream batch /share/recordings -o /share/cleaned --cluster auto

Run the same command again to go on after a stop, a crash or a reboot: the output folder has a journal
(.dap_batch). What is done is skipped; what has changed, a recording or a setting, is done again; what failed
is tried again. Fields of --name: {parent} folder below the input folder, {folder} its last part, {stem} name
without extension, {ext} extension.

A manifest has a JSON object a line: {"input": "a/talk.wav", "output": "talk.flac",
"settings": {"reduction_db": 12}, "profile": "studio.npz", "group": "studio"}; all but input may be left out.
Recordings of a group share a profile, learned from all of them. Equal inputs give equal results, byte for
byte, however many --jobs, shards or machines there are.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Clean archives: folders of recordings, with a journal to go on from."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    parser.add_argument(
        "inputs", nargs="*", metavar="IN", help="folders, patterns, recordings, or @FILE with a list of them"
    )
    _add_files(parser.add_argument_group("what and where"))
    _add_method(parser.add_argument_group("what is done"))
    _add_workers(parser.add_argument_group("by whom"))
    output = parser.add_argument_group("what is told")
    output.add_argument("--table", metavar="FILE", help="what became of each recording, .csv or .jsonl")
    output.add_argument("--dry-run", action="store_true", help="say what would be done; do nothing")
    output.add_argument("--json", action="store_true", help="one line of JSON for each recording")
    output.add_argument("-q", "--quiet", action="store_true", help="only what failed, and warnings")


def _add_files(group: Any) -> None:
    group.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="folder of the results; the tree is mirrored"
    )
    group.add_argument(
        "--list",
        action="append",
        default=[],
        metavar="FILE",
        help="names of recordings, one a line; -: stdin",
    )
    group.add_argument(
        "--manifest", action="append", default=[], metavar="FILE", help="JSON lines, see below; -: stdin"
    )
    group.add_argument("--root", metavar="DIR", help="mirror the tree from this folder on")
    group.add_argument(
        "--name",
        metavar="TEMPLATE",
        default="{parent}/{stem}_clean{ext}",
        help="names of results (default %(default)s)",
    )
    group.add_argument("--removed", metavar="DIR", help="also write what was taken out, as the tree is")
    group.add_argument(
        "--report",
        metavar="DIR",
        help="a page for each recording, to see and hear what was done, and index.html, which leads to all",
    )
    group.add_argument("--force", action="store_true", help="replace files that are not of this batch")
    group.add_argument("--skip-failed", action="store_true", help="do not try again what failed before")


def _add_method(group: Any) -> None:
    group.add_argument(
        "--profile-by",
        choices=("none", "folder"),
        default="none",
        help="folder: one profile for each folder (a microphone, a place), learned from all its recordings",
    )
    group.add_argument("--profile", metavar="FILE", help="start with weights learned before")
    group.add_argument("--noise-file", metavar="FILE", help="a recording of the noise alone")
    group.add_argument(
        "--reduction", metavar="DB", help=option_help("largest attenuation, 0..60 dB", "reduction_db")
    )
    group.add_argument("--keep", metavar="WHAT", help=option_help(KEEP_HELP, "keep"))
    group.add_argument("--quality", metavar="NAME", help=option_help("fast, standard or best", "quality"))
    group.add_argument(
        "--generator", metavar="NAME", help=option_help("as dap-stream denoise has it", "generator")
    )
    group.add_argument("--device", metavar="NAME", help=option_help("auto, cpu or cuda", "device"))
    add_chain(group)
    add_loudness(group)


def _add_workers(group: Any) -> None:
    group.add_argument(
        "--jobs",
        metavar="N",
        help="recordings at a time (default: by cores and memory; with --cluster by CPUs)",
    )
    group.add_argument(
        "--shard",
        metavar="I/N",
        help="do only part I of N; slurm: as SLURM says to the tasks of an array or of srun",
    )
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="a Ray cluster, auto or HOST:PORT, that has all folders under the same names (extra ray)",
    )


def run(args: argparse.Namespace) -> int:
    """Do what the options say; returns the exit status."""
    from dap_stream.apps.batch.index import check_index, write_index
    from dap_stream.apps.batch.item import FAILED
    from dap_stream.apps.batch.journal import Journal
    from dap_stream.apps.batch.plan import make_plan
    from dap_stream.apps.batch.run import BatchRun
    from dap_stream.apps.batch.run_lock import locked
    from dap_stream.apps.batch.table import write_table
    from dap_stream.cli.batch_console import BatchConsole

    wanted = _wanted(args)
    console = BatchConsole(args.quiet, args.json)
    if args.dry_run:
        console.dry_run(make_plan(wanted))
        return 0
    with ExitStack() as stack:
        stack.enter_context(locked(wanted.output, wanted.shard))
        if wanted.report is not None:
            check_index(wanted.report, wanted.force)
        plan = make_plan(wanted)
        console.planned(plan)
        journal = stack.enter_context(Journal(wanted.output, wanted.shard.suffix))
        try:
            with console.running(plan) as callbacks:
                batch = BatchRun(plan, wanted, journal, callbacks)
                batch.run(lambda: _workers(args, plan, console))
        except Stopped:
            console.stopped(plan)
            raise
        finally:
            if args.table is not None:
                write_table(args.table, plan.items)
            if wanted.report is not None:
                write_index(wanted.report, wanted.output, plan.items)
    console.ended(plan)
    own = [item for item in plan.items if item.shard == wanted.shard.number]
    return 1 if any(item.status == FAILED for item in own) else 0


def _workers(args: argparse.Namespace, plan: Plan, console: BatchConsole) -> Workers:
    jobs = None if args.jobs is None else whole_number("jobs", args.jobs)
    if args.cluster is not None:
        from dap_stream.apps.batch.cluster_workers import connect

        return connect(args.cluster, jobs, uses_gpu=args.device != "cpu")
    from dap_stream.apps.batch.capacity import n_workers
    from dap_stream.apps.batch.local_workers import LocalWorkers

    console.say_if_compiling()
    return LocalWorkers(jobs or n_workers(plan.todo))


def _wanted(args: argparse.Namespace) -> Wanted:
    from dap_stream.apps.batch.inputs import Inputs
    from dap_stream.apps.batch.plan import Wanted
    from dap_stream.apps.batch.shard import parse_shard
    from dap_stream.apps.files.known_noise import KnownNoise
    from dap_stream.processors.chain_settings import make_chain_settings

    if args.jobs is not None and whole_number("jobs", args.jobs) < 1:
        raise SettingError(f"--jobs {args.jobs} must be at least 1")
    if [*args.list, *args.manifest].count("-") > 1:
        raise SettingError("standard input (-) can be read only once; name a file for the other list")
    _check_table(args)
    values, repairs, last = chosen_values(args, SHORT), chosen_repairs(args), last_of_chain(args)
    chain = make_chain_settings(args.preset, values, chain_names(args), repairs=repairs, last=last)
    if args.profile is not None and not chain.learns:
        raise SettingError("--profile is of no use where nothing learns; take generator=band or context")
    return Wanted(
        Inputs(args.inputs, args.list, args.manifest, args.root),
        Path(args.output),
        chain,
        args.name,
        parse_shard(args.shard),
        args.profile_by == "folder",
        args.profile,
        None if args.noise_file is None else KnownNoise(args.noise_file),
        args.force,
        args.skip_failed,
        None if args.removed is None else Path(args.removed),
        None if args.report is None else Path(args.report),
    )


def _check_table(args: argparse.Namespace) -> None:
    from dap_stream.apps.batch.table import check_table

    if args.table is None:
        return
    check_table(args.table)
    if any(is_same_file(args.table, path) for path in (*args.list, *args.manifest)):
        raise SettingError(f"--table {args.table}: is the list of recordings itself; choose another name")
