"""``dap-stream educate``: teach the band network anew, with sounds that are made here."""

from __future__ import annotations

import argparse
from pathlib import Path

from dap_stream.cli.options import whole_number
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import make_folder

_EPILOG = """\
examples:
  dap-stream educate -o education/                      everything, as for the weights that come along
  dap-stream educate -o try/ --share 0.02 --steps 50    a minute, to see it work
  dap-stream educate -o ablation/ --without typing,cafe

Every sound is made by a program from the seed; no recording is read. espeak-ng is used for some of the
voices if it is installed. Ctrl-C keeps what there is, and the same command goes on from there.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Teach the network that `generator=band` starts from, with made-up sounds only."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run_educate)
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="folder of sounds, state, weights and card"
    )
    parser.add_argument(
        "--steps",
        metavar="N",
        default="14000",
        help="of learning (default 14000); more than before lengthen it",
    )
    parser.add_argument("--share", metavar="PART", default="1", help="part of the sounds, 0 to 1 (default 1)")
    parser.add_argument("--without", metavar="NAMES", help="kinds of sound that are left out")
    parser.add_argument("--seed", metavar="N", default="11", help="of every random number (default 11)")
    parser.add_argument("--device", metavar="NAME", default="auto", help="auto (default), cpu or cuda")
    parser.add_argument("--jobs", metavar="N", default="2", help="processes that make sounds (default 2)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no result lines")


def run_educate(args: argparse.Namespace) -> int:
    """See `dap_stream.education.run`."""
    numbers = {name: whole_number(name, getattr(args, name)) for name in ("steps", "seed", "jobs")}
    try:
        share = float(args.share)
    except ValueError as error:
        raise SettingError(f"--share: {args.share!r} must be a number") from error

    from dap_stream.cli.progress import Meter
    from dap_stream.education.run import EducationSettings, educate

    left_out = tuple(name.strip() for name in (args.without or "").split(",") if name.strip())
    settings = EducationSettings(numbers["seed"], numbers["steps"], share, left_out)
    folder = Path(args.output)
    make_folder(folder)
    with Meter(folder.name, False if args.quiet else None) as meter:
        card = educate(folder, settings, args.device, numbers["jobs"], meter.working)
    if not args.quiet:
        exam = card["divergence_on_held_out_sounds"]
        print(
            f"{folder}: {card['steps_done']} steps in {card['seconds']} s; divergence on sounds kept apart:"
        )
        for name, value in exam.items():
            print(f"  {name}: {value:.4f}")
    return 0
