"""The command line: arguments to objects, errors to exit codes. Heavy modules load when work begins."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from dap_stream import __version__, cli_denoise, cli_info, cli_live, cli_study
from dap_stream.errors import DapStreamError, SettingError
from dap_stream.signals import Stopped, stop_on_signals

_EPILOG = """\
examples:
  dap-stream demo                          hear and see what it does
  dap-stream denoise talk.wav              writes talk_clean.wav
  dap-stream denoise talk.wav --reduction 12 --removed noise.wav
  dap-stream live                          clean the microphone while it is heard
  dap-stream denoise --help                all options

exit status: 0 done, 1 a recording could not be read, cleaned or written, 2 wrong usage,
130 stopped by Ctrl-C
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, through the same door as all other errors."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


def make_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = Parser(
        prog="dap-stream",
        description="Takes the noise out of a recording by learning from that recording alone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dap-stream {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    cli_denoise.add_command(commands)
    cli_live.add_command(commands)
    cli_study.add_command(commands)
    cli_info.add_commands(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status. Everything that goes wrong on purpose is one line."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        with stop_on_signals(is_whole_process=argv is None):
            args = make_parser().parse_args(argv)
            status: int = args.run(args)
            sys.stdout.flush()
            return status
    except DapStreamError as error:
        _say(f"error: {error}")
        return error.exit_status
    except Stopped as stopped:
        _say(f"stopped by {stopped}; nothing half-written is left")
        return stopped.exit_status
    except OSError as error:
        # The reader of our text is gone, or its disk is full. Files of audio have errors of their own.
        return _give_up_output(error)


def _say(text: str) -> None:
    print(f"dap-stream: {text}", file=sys.stderr)


def _give_up_output(error: OSError) -> int:
    """Nothing more can be printed: keep the interpreter from trying so at its end."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        _say(f"error: {error.strerror or error}")
    return 1
