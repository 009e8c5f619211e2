"""``dap-stream educate``: teach a network anew, with sounds that are made here."""

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
  dap-stream educate -o highs/ --network highs          of the repair of bandwidth; two minutes

Every sound is made by a program from the seed; no recording is read. espeak-ng is used for some of the
voices if it is installed. Ctrl-C keeps what there is, and the same command goes on from there.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Teach a network that comes with dap_stream anew, with made-up sounds only."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run_educate)
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="folder of sounds, state, weights and card"
    )
    parser.add_argument(
        "--network",
        choices=("band", "highs"),
        default="band",
        help="band (default): what the denoiser starts from; highs: of the repair of bandwidth",
    )
    parser.add_argument(
        "--steps",
        metavar="N",
        help="of learning (default: band 14000, highs 6000); for band more than before lengthen it",
    )
    parser.add_argument(
        "--share", metavar="PART", help="part of the sounds, 0 to 1 (default: band 1, highs 0.12)"
    )
    parser.add_argument("--without", metavar="NAMES", help="kinds of sound that are left out")
    parser.add_argument("--seed", metavar="N", default="11", help="of every random number (default 11)")
    parser.add_argument("--device", metavar="NAME", default="auto", help="auto (default), cpu or cuda")
    parser.add_argument("--jobs", metavar="N", default="2", help="processes that make sounds (default 2)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress and no result lines")


def run_educate(args: argparse.Namespace) -> int:
    """See `dap_stream.education.run` and `dap_stream.education.highs`."""
    is_band = args.network == "band"
    texts = {"steps": "14000" if is_band else "6000", "seed": args.seed, "jobs": args.jobs}
    if args.steps is not None:
        texts["steps"] = args.steps
    numbers = {name: whole_number(name, text) for name, text in texts.items()}
    share_text = args.share or ("1" if is_band else "0.12")
    try:
        share = float(share_text)
    except ValueError as error:
        raise SettingError(f"--share: {share_text!r} must be a number") from error
    left_out = tuple(name.strip() for name in (args.without or "").split(",") if name.strip())
    if not is_band:
        if left_out:
            raise SettingError("--without is for --network band")
        return _run_highs(args, numbers, share)

    from dap_stream.cli.progress import Meter
    from dap_stream.education.run import EducationSettings, educate

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


def _run_highs(args: argparse.Namespace, numbers: dict[str, int], share: float) -> int:
    from dap_stream.cli.progress import Meter
    from dap_stream.education.highs import HighsSettings, educate_highs

    settings = HighsSettings(numbers["seed"], numbers["steps"], share)
    folder = Path(args.output)
    make_folder(folder)
    with Meter(folder.name, False if args.quiet else None) as meter:
        card = educate_highs(folder, settings, numbers["jobs"], meter.working)
    if not args.quiet:
        exam = card["on_held_out_sounds"]
        print(
            f"{folder}: {card['steps']} steps in {card['seconds']} s; on sounds kept apart the level is "
            f"{exam['error_db']} dB off, {exam['mean_db']:+} dB in the mean"
        )
    return 0
