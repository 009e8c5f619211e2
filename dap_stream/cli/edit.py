"""``dap-stream edit``: one recording in place, for hosts that call an editor and reload."""

from __future__ import annotations

import argparse

from dap_stream.cli import denoise
from dap_stream.cli.recording_options import add_tellings
from dap_stream.errors import SettingError
from dap_stream.io.edit_lock import edited_alone
from dap_stream.io.output_paths import PIPE

_EPILOG = """\
Name it to your editor as its external editor: dap-stream edit FILE, with options as for denoise.
Length, sample rate, channels and sample format stay, and FILE changes as a whole or not at all. Exit
status 0: it is done. No copy is kept, for hosts have one to undo it.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Clean one recording in place, for an editor or a DAW that calls and reloads."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(
        run=run,
        **dict.fromkeys(("output", "removed", "report", "raw", "track", "start", "end", "save_profile")),
    )
    parser.set_defaults(in_place=True, force=False, dry_run=False)
    parser.add_argument("inputs", nargs=1, metavar="FILE", help="the recording")
    denoise.add_method(parser.add_argument_group("what is done"), saves=False)
    add_tellings(parser.add_argument_group("what is told"))


def run(args: argparse.Namespace) -> int:
    """Do it, unless somebody does it already."""
    (path,) = args.inputs
    if path == PIPE:
        raise SettingError("edit changes a file in place; for a pipe there is dap-stream denoise - -")
    with edited_alone(path):
        return denoise.run(args)
