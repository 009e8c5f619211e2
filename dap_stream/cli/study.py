"""``dap-stream study``: options to settings, the result to lines on the terminal."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dap_stream.cli.options import whole_number
from dap_stream.core.units import format_seconds, parse_seconds
from dap_stream.errors import SettingError

if TYPE_CHECKING:
    from dap_stream.apps.study.results import Stop, StudyResult
    from dap_stream.apps.study.settings import StudySettings
    from dap_stream.apps.study.tasks import Task
    from dap_stream.dsp.metrics import Scores

_EPILOG = """\
examples:
  dap-stream study talk.wav                              writes talk_study/ beside it
  dap-stream study noisy.wav --clean clean.wav           every sample is scored
  dap-stream study song.flac --start 1:30 --end 1:36 --generator skip --iterations 5000
  dap-stream study talk.wav --task inpaint --holes 1.2-1.4,2.0-2.1
  dap-stream study talk.wav --task superres --limit-hz 4000

A network with random weights is fitted to the spectrogram of one excerpt. Its images become clean
before they become noisy again; the study keeps them on the way, as sound, table and picture.
With --task inpaint, holes are made in the sound and left out of the fit; with superres, all above
a limit: what the network makes there comes from nothing but its own prior, and is compared with
what was taken away (with --clean, if the recording itself is damaged there).
Ctrl-C keeps what there is, and the same command goes on from there.
"""

_STOPS = {"holdout": "held-out loss stops", "variance": "moving variance stops", "last": "last"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Fit a deep prior to one excerpt and keep what it makes on the way."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run_study)
    parser.add_argument("input", metavar="IN", help="the recording; channels are averaged")
    parser.add_argument(
        "--task", metavar="NAME", default="denoise", help="denoise (default), inpaint or superres"
    )
    parser.add_argument(
        "--clean",
        metavar="REF",
        help="the same without noise: adds PESQ, ESTOI and SI-SDR; or without damage, to compare with",
    )
    parser.add_argument(
        "--holes",
        metavar="FROM-TO,...",
        help="of inpaint, as 1.2-1.4,2.0-2.1 in the recording (default: three of 0.2 s)",
    )
    parser.add_argument("--limit-hz", metavar="HZ", help="of superres: made above (default 4000)")
    parser.add_argument("--start", metavar="TIME", help="excerpt from here on: 90, 1:30 or 1:01:30.5")
    parser.add_argument("--end", metavar="TIME", help="up to here; default: 8 s, at most 60 s")
    parser.add_argument(
        "--generator", metavar="NAME", default="dcgan", help="dcgan (default), skip or decoder"
    )
    parser.add_argument("--iterations", metavar="N", default="2000", help="how long to fit (default 2000)")
    parser.add_argument(
        "--samples", metavar="N,N,...", help="iterations to keep (default: 1, 2, 5, 10, 20 ... and the last)"
    )
    parser.add_argument("--seed", metavar="N", default="0", help="other random weights (default 0)")
    parser.add_argument("--device", metavar="NAME", default="auto", help="auto (default), cpu or cuda")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder of the study (default NAME_study)")
    parser.add_argument("--force", action="store_true", help="replace another study in the folder")
    parser.add_argument("--json", action="store_true", help="one line of JSON, as in study.json")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no result lines")


def run_study(args: argparse.Namespace) -> int:
    """See `dap_stream.apps.study.run`."""
    settings = _settings(args)

    from dap_stream.apps.study.run import StudyStopped
    from dap_stream.apps.study.run import run_study as study
    from dap_stream.cli.console import Console
    from dap_stream.cli.progress import Meter

    console = Console(1, args.quiet)
    console.say_if_compiling()
    try:
        with Meter(Path(args.input).name, False if args.quiet else None) as meter:
            result = study(
                args.input, args.output, args.clean, settings, args.force, meter.fitting, console.note
            )
    except StudyStopped as stopped:
        done, total = stopped.result.iterations, settings.iterations
        print(
            f"dap-stream: stopped by {stopped} after {done} of {total} iterations, kept in "
            f"{stopped.result.folder}; the same command goes on from there",
            file=sys.stderr,
        )
        return stopped.exit_status
    _tell(result, args)
    return 0


def _settings(args: argparse.Namespace) -> StudySettings:
    from dap_stream.apps.study.settings import StudySettings

    samples = None
    if args.samples is not None:
        samples = tuple(whole_number("samples", text) for text in args.samples.split(","))
    start_s = _time(args, "start") or 0.0
    end_s = _time(args, "end")
    if end_s is not None and end_s <= start_s:
        raise SettingError(f"--end {args.end} must be later than --start {args.start or 0}")
    return StudySettings(
        args.generator,
        whole_number("iterations", args.iterations),
        samples,
        start_s,
        end_s,
        whole_number("seed", args.seed),
        args.device,
        task=args.task,
        holes=None if args.holes is None else tuple(map(_hole, args.holes.split(","))),
        limit_hz=None if args.limit_hz is None else _hertz(args.limit_hz),
    )


def _hole(text: str) -> tuple[float, float]:
    begin, dash, end = text.partition("-")
    if not dash:
        raise SettingError(f"--holes: {text!r} must look like 1.2-1.4, from second to second")
    try:
        return parse_seconds(begin), parse_seconds(end)
    except ValueError as error:
        raise SettingError(f"--holes: {text!r}: {error}") from error


def _hertz(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SettingError(f"--limit-hz: {text!r} must be a number of hertz, such as 4000")
    return value


def _time(args: argparse.Namespace, option: str) -> float | None:
    text = getattr(args, option)
    try:
        return None if text is None else parse_seconds(text)
    except ValueError as error:
        raise SettingError(f"--{option}: {error}") from error


def _tell(result: StudyResult, args: argparse.Namespace) -> None:
    if args.json:
        from dap_stream.apps.study.output_folder import summary
        from dap_stream.report.json_text import json_line

        print(json_line(summary(result)))
    elif not args.quiet:
        print("\n".join(result_lines(result)))


def result_lines(result: StudyResult) -> list[str]:
    """Lines about the results, for a reader."""
    pace = result.fit_s / max(result.iterations, 1)
    lines = [
        f"{result.source} -> {result.folder}: {format_seconds(result.seconds, 1)} at "
        f"{result.sample_rate} Hz, {_what(result.settings)}, {result.iterations} iterations in "
        f"{format_seconds(result.fit_s)} ({pace:.3f} s each, {result.device})"
    ]
    if result.best is not None:
        best = next(row for row in result.rows if row.iteration == result.best)
        lines.append(_line(result.task, result.task.start, result.rows[0].scores))
        lines.append(_line(result.task, f"best, iteration {best.iteration}", best.scores))
    for stop in result.stops:
        if stop.iteration is None:
            lines.append(f"  {_STOPS[stop.rule]} nowhere: too few iterations, or too little sound")
        else:
            text = f"{_STOPS[stop.rule]}, iteration {stop.iteration}"
            lines.append(_line(result.task, text, stop.scores) + _cost(result, stop))
    return lines


def _what(settings: StudySettings) -> str:
    """Generator and task."""
    if settings.holes:
        holes = ", ".join(f"{begin:g}-{end:g}" for begin, end in settings.holes)
        return f"{settings.generator} filling {holes} s"
    if settings.limit_hz is not None:
        return f"{settings.generator} filling above {settings.limit_hz:g} Hz"
    return settings.generator


def _cost(result: StudyResult, stop: Stop) -> str:
    """By how much a stop falls short of the best sample, in the figure that chose it."""
    from dap_stream.apps.study.results import cost

    if result.best is None or result.best_by is None:
        return ""
    best = next(row for row in result.rows if row.iteration == result.best)
    way, figure = result.task.way, result.task.figure(result.best_by)
    here = stop.scores.get(way, {}).get(figure.name)
    less = cost(result.task, figure.name, here, best.score(way, figure.name))
    if less is None or float(f"{less:{figure.digits}}") <= 0.0:
        return ""
    return f" ({less:{figure.digits}}{figure.unit} of {figure.short} worse than the best)"


def _line(task: Task, name: str, scores: Mapping[str, Scores]) -> str:
    """The figures of the sound that counts, and those of the others that it does not have."""
    seen: dict[str, float | None] = {}
    for way in task.ways:
        seen = {**scores.get(way, {}), **seen}
    parts = [figure.text(value) for figure in task.figures if (value := seen.get(figure.name)) is not None]
    return f"  {name}: {', '.join(parts)}" if parts else f"  {name}"
