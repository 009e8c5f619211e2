"""``dap-stream repair``: which damage is looked for, and whether it is repaired or only told."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from dap_stream.cli.file_jobs import run_jobs
from dap_stream.cli.options import (
    LOUDNESS_SHORT,
    add_loudness,
    add_preset,
    add_set,
    chosen_values,
    last_of_chain,
)
from dap_stream.cli.recording_options import (
    Part,
    add_dry_run,
    add_files,
    add_inputs,
    add_tellings,
    check_pipes,
    inputs_and_output,
    part_of,
)
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import NOWHERE, REPAIRED, Names, make_names
from dap_stream.processors.registry import PROCESSORS, REPAIRS
from dap_stream.processors.repairs import MADE_UP, USUAL, repairers

if TYPE_CHECKING:
    from dap_stream.apps.files.job import Job
    from dap_stream.processors.chain_settings import ChainSettings

_EPILOG = f"""\
examples:
  dap-stream repair tape.wav                         writes tape_repaired.wav beside it
  dap-stream repair tape.wav --detect                only say what is found where; write nothing
  dap-stream repair tape.wav --detect --labels damage.txt
  dap-stream repair tape.wav --clicks --hum -o better.flac --removed damage.wav --report page.html
  dap-stream repair tape.wav --set declick.sensitivity=2 -o more.wav
  dap-stream repair - - < tape.wav > better.wav

Without the name of a repair all are done but {" and ".join(MADE_UP)}, which makes up what nobody recorded.
The order is always this: {", ".join(REPAIRS)}.
What is not damaged stays bit for bit as it is. In denoise, batch, edit and live: --repair hum,clicks.
Times count from the start of the recording; those of labels beside a result, from the start of the result.
"""
MARKS = "inpaint.marks"  # the setting that takes what ``--marks`` names
_WRITES = ("output", "in_place", "removed", "report", "loudness", "dry_run", "force")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Find damage in recordings, and repair it."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    add_inputs(parser)
    _add_kinds(parser.add_argument_group("what is repaired (none named: all but bandwidth)"))
    add_files(parser.add_argument_group("where results go"), REPAIRED)
    settings = parser.add_argument_group("how it is repaired")
    settings.add_argument(
        "--marks",
        metavar="FILE",
        help="labels of Audacity: these stretches are gaps too, whatever is in them; times of the recording",
    )
    add_preset(settings)
    add_loudness(settings)
    add_set(settings)
    output = parser.add_argument_group("what is told")
    output.add_argument(
        "--detect", action="store_true", help="only say what is found where; no recording is written"
    )
    output.add_argument(
        "--labels",
        metavar="FILE",
        help="also write what was found as labels for Audacity, FILE.txt (a folder for several inputs)",
    )
    add_dry_run(output)
    add_tellings(output)


def _add_kinds(group: Any) -> None:
    for kind, name in REPAIRS.items():
        group.add_argument(f"--{kind}", action="store_true", help=PROCESSORS[name].summary)


def run(args: argparse.Namespace) -> int:
    """Check everything that is cheap to check, then do the work."""
    inputs, output = inputs_and_output(args)
    if args.detect:
        _refuse_results(args, output)
        output = NOWHERE
    if args.marks is not None and len(inputs) > 1:
        raise SettingError(f"--marks {args.marks} is about one recording, and here are {len(inputs)}")
    names = make_names(inputs, output, args.removed, args.in_place, args.report, args.labels, ending=REPAIRED)
    check_pipes(args, names)
    part = part_of(args, names)
    return run_jobs(args, _jobs(args, names, make_chain(args, part), part))


def make_chain(args: argparse.Namespace, part: Part) -> ChainSettings:
    """Repairs in their order, with the settings of the preset, of ``--set`` and of ``--marks``."""
    from dap_stream.processors.chain_settings import make_chain_settings

    kinds = [kind for kind in REPAIRS if getattr(args, kind)] or USUAL
    values = chosen_values(args, LOUDNESS_SHORT)
    if args.marks is not None:
        if "gaps" not in kinds:
            raise SettingError("--marks are gaps to be filled; add --gaps")
        if {"marks", MARKS} & set(values):
            raise SettingError(f"--marks and --set {MARKS} are the same setting; keep one")
        values[MARKS] = _marks(args.marks, part)
    return make_chain_settings(args.preset, values, repairers(kinds), last=last_of_chain(args))


def _marks(path: str, part: Part) -> str:
    """Stretches of a label file as the repair of gaps has them: seconds from the beginning of the part."""
    from dap_stream.io.label_file import read_labels

    end_s = math.inf if part.end_s is None else part.end_s
    stretches = []
    for label in read_labels(path):
        if label.end_s <= label.start_s:
            raise SettingError(
                f"--marks {path}: the label at {label.start_s:g} s has no length; mark a stretch"
            )
        start_s, stop_s = max(label.start_s, part.start_s), min(label.end_s, end_s)
        if stop_s > start_s:
            stretches.append(f"{start_s - part.start_s:.6f}-{stop_s - part.start_s:.6f}")
    return ",".join(stretches)


def _refuse_results(args: argparse.Namespace, output: str | None) -> None:
    for option in _WRITES:
        is_said = output is not None if option == "output" else getattr(args, option) not in (None, False)
        if is_said and not (option == "force" and args.labels is not None):
            name = "-o" if option == "output" else f"--{option.replace('_', '-')}"
            raise SettingError(
                f"--detect writes no recording, and {name} is about one; leave one of them out"
            )


def _jobs(args: argparse.Namespace, names: list[Names], chain: ChainSettings, part: Part) -> list[Job]:
    from dap_stream.apps.files.job import Job
    from dap_stream.io.pipe_format import PipeFormat

    raw = None if args.raw is None else PipeFormat.parse(args.raw)
    return [
        Job(each, chain, part.start_s, part.end_s, raw, force=args.force, track=part.track) for each in names
    ]
