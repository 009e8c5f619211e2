"""``dap-stream microphone``: a clean microphone that other programs can choose, up and down."""

from __future__ import annotations

import argparse
import sys

from dap_stream.apps.live import MARGIN_BLOCKS
from dap_stream.cli.live import (
    add_buffers,
    add_method,
    add_osc,
    check_ranges,
    make_method,
    osc_settings,
    tell,
)
from dap_stream.errors import SettingError

_EPILOG = """\
examples:
  dap-stream microphone up                     then choose "Clean microphone" in OBS, a browser or a call
  dap-stream microphone up --input usb --preset podcast --low-latency
  dap-stream microphone down

It is for PulseAudio, and for PipeWire with pipewire-pulse. Down leaves nothing behind.
"""

# As they are told to the one in the background.
_VALUES = (
    *("input", "blocksize", "margin", "osc", "osc_host", "osc_reply", "lookahead", "window", "keep"),
    *("reduction", "wet", "profile", "preset", "chain", "repair"),
)
_FLAGS = ("low_latency", "bypass")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and commands to the parser of the command."""
    parser.description = "A virtual microphone that gives the clean sound of a real one to any program."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    up = actions.add_parser("up", help="have it, in the background", allow_abbrev=False)
    up.set_defaults(run=_up, save_profile=None)
    where = up.add_argument_group("where sound comes from")
    where.add_argument(
        "--input", metavar="NAME", help="a source, or a part of its name; default: the system's"
    )
    where.add_argument("--foreground", action="store_true", help="for a service: until Ctrl-C or SIGTERM")
    add_buffers(where)
    add_osc(where)
    add_method(up.add_argument_group("what is done"))
    down = actions.add_parser("down", help="end it", allow_abbrev=False)
    down.set_defaults(run=_down)
    status = actions.add_parser(
        "status", help="whether it is up; exit status 1: it is not", allow_abbrev=False
    )
    status.set_defaults(run=_status, tells_only=True)


def _up(args: argparse.Namespace) -> int:
    check_ranges(args)
    if args.blocksize == 0:
        raise SettingError("--blocksize 0 leaves it to the device; a sound server has none, choose one")
    chain, profile = make_method(args)
    osc = osc_settings(args)
    _only_with_pulse()
    from dap_stream.apps.live.microphone.virtual_microphone import run, start

    if not args.foreground:
        latency = start(_words(args))
        print(f'"Clean microphone" is up, {latency} late; end it with: dap-stream microphone down')
        return 0
    from dap_stream.apps.live.settings import LiveSettings

    settings = LiveSettings(
        chain=chain,
        profile=profile,
        block_size=args.blocksize,
        margin_blocks=args.margin or MARGIN_BLOCKS,
        is_bypassed=args.bypass,
        has_screen=False,
        osc=osc,
    )
    return tell(*run(settings, args.input))


def _down(args: argparse.Namespace) -> int:
    _only_with_pulse()
    from dap_stream.apps.live.microphone.virtual_microphone import stop

    print(stop())
    return 0


def _status(args: argparse.Namespace) -> int:
    _only_with_pulse()
    from dap_stream.apps.live.microphone.virtual_microphone import status

    line = status()
    print("the clean microphone is not up" if line is None else line)
    return int(line is None)


def _only_with_pulse() -> None:
    if sys.platform == "win32":
        raise SettingError("microphone needs PulseAudio or PipeWire, which this system does not have")


def _words(args: argparse.Namespace) -> list[str]:
    """The options, once more."""
    values = {name: getattr(args, name) for name in _VALUES}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in values.items() if value is not None]
    words += [f"--{name.replace('_', '-')}" for name in _FLAGS if getattr(args, name)]
    return words + [f"--set={assignment}" for assignment in args.assignments]
