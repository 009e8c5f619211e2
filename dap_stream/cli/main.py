"""The command line: arguments to objects, errors to exit codes. Heavy modules load when work begins."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from dap_stream.cli.text_streams import TextStream, text_streams
from dap_stream.cli.wording import in_options
from dap_stream.core.interrupts import Stopped, stop_on_signals
from dap_stream.core.version import __version__
from dap_stream.errors import DapStreamError, SettingError, one_line

_EPILOG = """\
examples:
  dap-stream demo                          hear and see what it does
  dap-stream denoise talk.wav              writes talk_clean.wav
  dap-stream denoise talk.wav --reduction 12 --removed noise.wav
  dap-stream repair tape.wav               writes tape_repaired.wav; --detect only says what it found
  dap-stream batch archive/ -o cleaned     folders of recordings, several at a time
  dap-stream live                          clean the microphone while it is heard
  dap-stream microphone up                 a clean microphone for calls and OBS
  dap-stream bridge                        a warm process for editors and scripts
  dap-stream denoise --help                all options

exit status: 0 done, 1 a recording could not be read, cleaned or written, 2 wrong usage,
130 stopped by Ctrl-C
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, through the same door as all other errors."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


# Name -> what it does, and the function that adds its options, imported when the command is called: the
# others cost no time then.
COMMANDS: dict[str, tuple[str, str]] = {
    "denoise": ("clean recordings", "denoise.add_options"),
    "repair": ("hum, clicks, clipping, gaps and missing highs, found and repaired", "repair.add_options"),
    "edit": ("one recording in place, as an editor's external editor", "edit.add_options"),
    "batch": ("clean archives: many recordings, with a journal to go on from", "batch.add_options"),
    "live": ("clean sound as it comes in", "live.add_options"),
    "microphone": ("a clean microphone for other programs, up and down", "microphone.add_options"),
    "bridge": ("clean for other programs: a warm process for editors and scripts", "bridge.add_options"),
    "study": ("watch a network learn a recording, then its noise", "study.add_options"),
    "educate": ("teach the network anew, with made-up sounds", "educate.add_options"),
    "info": ("what a file is", "info.add_info_options"),
    "compare": ("two results beside each other", "compare.add_options"),
    "doctor": ("whether all is well on this machine", "doctor.add_options"),
    "presets": ("settings that go together", "info.add_presets_options"),
    "demo": ("hear and see what it does", "info.add_demo_options"),
}


def _add_options(parser: argparse.ArgumentParser, function: str) -> None:
    module, _, name = function.partition(".")
    getattr(importlib.import_module(f"dap_stream.cli.{module}"), name)(parser)


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
    for name, (summary, function) in COMMANDS.items():
        own = commands.add_parser(name, help=summary, allow_abbrev=False)
        if name == command:
            _add_options(own, function)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status. Everything that goes wrong on purpose is one line."""
    with text_streams() as out:
        is_all_text = True
        try:
            with stop_on_signals(is_whole_process=argv is None):
                words = sys.argv[1:] if argv is None else argv
                command = next((word for word in words if not word.startswith("-")), None)
                args = make_parser(command).parse_args(words)
                _refuse_empty(args)
                is_all_text = _is_all_text(args)
                status: int = args.run(args)
        except DapStreamError as error:
            _say(f"error: {in_options(str(error))}")
            return error.exit_status
        except Stopped as stopped:
            _say(f"stopped by {stopped}; nothing half-written is left")
            return stopped.exit_status
        except OSError as error:
            place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
            _say(f"error: {one_line(place + (error.strerror or str(error)))}")
            return 1
        except SystemExit:  # --help and --version have been told
            if _is_told(out, is_all_text):
                raise
            return 1
        return status if _is_told(out, is_all_text) else status or 1


def _refuse_empty(args: argparse.Namespace) -> None:
    """SettingError for an empty word, which a script gives for a variable that it has not set."""
    for name, value in vars(args).items():
        if value == "" or (isinstance(value, list) and "" in value):
            raise SettingError(f"{name.replace('_', '-')} is empty; give it a value, or leave it out")


def _is_all_text(args: argparse.Namespace) -> bool:
    """Whether text is all that the command makes: it then has failed where that does not arrive."""
    return any(getattr(args, name, False) for name in ("tells_only", "dry_run", "list_devices"))


def _is_told(out: TextStream, is_all_text: bool) -> bool:
    """False if text on standard output was lost and is all there is: no recording fails for it."""
    out.flush()
    if out.error is None:
        return True
    if not isinstance(out.error, BrokenPipeError):  # its reader has had enough
        kind = "error" if is_all_text else "warning: text on standard output was lost"
        _say(f"{kind}: {out.error.strerror or out.error}")
    return not is_all_text


def _say(text: str) -> None:
    print(f"dap-stream: {text}", file=sys.stderr)
