"""Options of commands that work on recordings: which, which part of them, where results go, what is told."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from dap_stream.core.units import parse_seconds
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import PIPE, Names


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The recordings."""
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="recordings; - is standard input, a last - standard output"
    )


def add_files(group: Any, ending: str) -> None:
    """Options of what is written; ``ending`` is that of the default name."""
    group.add_argument(
        "-o", "--output", metavar="OUT", help=f"file or existing folder; default: NAME{ending}.EXT beside it"
    )
    group.add_argument("--in-place", action="store_true", help="replace the recordings themselves")
    group.add_argument("--force", action="store_true", help="replace files that exist already")
    group.add_argument(
        "--removed", metavar="FILE", help="also write what was taken out (a folder for several inputs)"
    )
    group.add_argument(
        "--report",
        metavar="FILE",
        help="also write a page to see and hear what was done, FILE.html (a folder for several inputs)",
    )
    group.add_argument(
        "--raw", metavar="FORMAT", help="pipes without a header: ENCODING:RATE:CHANNELS, f32le:48000:2"
    )
    group.add_argument(
        "--track",
        metavar="N",
        help="which track of sound of a film, from 1; default: the one players take",
    )
    group.add_argument("--start", metavar="TIME", help="from here on: 90, 1:30 or 1:01:30.5")
    group.add_argument("--end", metavar="TIME", help="up to here")


def add_tellings(group: Any) -> None:
    """Options of what is told."""
    group.add_argument("--json", action="store_true", help="one line of JSON for each recording")
    group.add_argument(
        "-q", "--quiet", action="store_true", help="no progress and no result line; warnings stay"
    )


def add_dry_run(group: Any) -> None:
    """``--dry-run``."""
    group.add_argument(
        "--dry-run", action="store_true", help="say what would be done, with time and memory; do nothing"
    )


def inputs_and_output(args: argparse.Namespace) -> tuple[list[str], str | None]:
    """``denoise IN -`` means standard output, ``denoise - -`` the whole pipeline."""
    inputs, output = list(args.inputs), args.output
    if len(inputs) > 1 and inputs[-1] == PIPE:
        if output is not None:
            raise SettingError(f"standard output (the last -) and -o {output} are two outputs; keep one")
        return inputs[:-1], PIPE
    return inputs, output


@dataclass(frozen=True)
class Part:
    """Part of a recording: a stretch of one of its tracks."""

    start_s: float = 0.0
    end_s: float | None = None
    track: int | None = None


def part_of(args: argparse.Namespace, names: list[Names]) -> Part:
    """The part that is wanted; SettingError if it cannot be, or the recording comes from a pipe."""
    start_s, end_s = _range(args)
    if start_s or end_s is not None:
        if args.in_place:
            raise SettingError(
                "--in-place with --start or --end would cut the recording; write to another file"
            )
        if names[0].source == PIPE:
            raise SettingError("--start and --end need a file; cut before the pipe")
    return Part(start_s, end_s, _track(args, names))


def check_pipes(args: argparse.Namespace, names: list[Names]) -> None:
    """SettingError if there is no pipe where one is needed."""
    uses_pipe = PIPE in (names[0].source, names[0].output)
    if args.raw is not None and not uses_pipe:
        raise SettingError("--raw is for pipes; give - as input or output, or leave it out")
    if names[0].source == PIPE and sys.stdin.isatty():
        raise SettingError("standard input is a terminal; pipe audio into it, or name a file")
    if names[0].output == PIPE and sys.stdout.isatty() and not args.dry_run:
        raise SettingError("standard output is a terminal; pipe it on, or name a file with -o")


def _range(args: argparse.Namespace) -> tuple[float, float | None]:
    times = []
    for option in ("start", "end"):
        text = getattr(args, option)
        try:
            times.append(None if text is None else parse_seconds(text))
        except ValueError as error:
            raise SettingError(f"--{option}: {error}") from error
    start_s, end_s = times[0] or 0.0, times[1]
    if end_s is not None and end_s <= start_s:
        raise SettingError(f"--end {args.end} must be later than --start {args.start or 0}")
    return start_s, end_s


def _track(args: argparse.Namespace, names: list[Names]) -> int | None:
    if args.track is None:
        return None
    if names[0].source == PIPE:
        raise SettingError("--track is for files; a pipe has one track")
    if not args.track.isdecimal() or int(args.track) < 1:
        raise SettingError(f"--track {args.track} must be a number from 1 on; see dap-stream info")
    return int(args.track)
