"""The command line: arguments to objects, errors to exit codes. Heavy modules load when work begins."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from dap_stream.cli.wording import in_options
from dap_stream.core.interrupts import Stopped, stop_on_signals
from dap_stream.core.version import __version__
from dap_stream.errors import DapStreamError, SettingError

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


# A command's options are imported when it is the one that is called: the others cost no time then.
def _denoise(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.denoise import add_options

    add_options(parser)


def _live(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.live import add_options

    add_options(parser)


def _study(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.study import add_options

    add_options(parser)


def _info(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.info import add_info_options

    add_info_options(parser)


def _presets(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.info import add_presets_options

    add_presets_options(parser)


def _educate(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.educate import add_options

    add_options(parser)


def _demo(parser: argparse.ArgumentParser) -> None:
    from dap_stream.cli.info import add_demo_options

    add_demo_options(parser)


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "denoise": ("clean recordings", _denoise),
    "live": ("clean sound as it comes in", _live),
    "study": ("watch a network learn a recording, then its noise", _study),
    "educate": ("teach the network anew, with made-up sounds", _educate),
    "info": ("what a file is", _info),
    "presets": ("settings that go together", _presets),
    "demo": ("hear and see what it does", _demo),
}
"""Name of each command to its line in the help, and to what adds its options."""


def make_parser(command: str | None) -> argparse.ArgumentParser:
    """All commands, ``command`` with its options."""
    parser = Parser(
        prog="dap-stream",
        description="Takes the noise out of a recording by learning from that recording; it starts from a "
        "network that was taught on made-up sounds.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"dap-stream {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (summary, add_options) in COMMANDS.items():
        own = commands.add_parser(name, help=summary, allow_abbrev=False)
        if name == command:
            add_options(own)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status. Everything that goes wrong on purpose is one line."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        with stop_on_signals(is_whole_process=argv is None):
            words = sys.argv[1:] if argv is None else argv
            command = next((word for word in words if not word.startswith("-")), None)
            args = make_parser(command).parse_args(words)
            status: int = args.run(args)
            sys.stdout.flush()
            return status
    except DapStreamError as error:
        _say(f"error: {in_options(str(error))}")
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
