"""``dap-stream live``: options to a session on sound devices, on JACK, or on a file in their place."""

from __future__ import annotations

import argparse
import json
import os
import signal
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dap_stream.cli_options import add_assignments, add_preset, chosen_values, option_help
from dap_stream.errors import DeviceError, SettingError
from dap_stream.naming import check_folder
from dap_stream.settings import DEEP_PRIORS, Settings
from dap_stream.signals import Stopped

if TYPE_CHECKING:
    from dap_stream.profile import Profile

WINDOW_MS, LOW_LATENCY_MS = 32.0, 16.0
MARGIN_BLOCKS = 4
SHORT = {"reduction": "reduction_db", "wet": "wet", "lookahead": "lookahead", "window": "window_ms"}

_EPILOG = """\
examples:
  dap-stream live --list-devices
  dap-stream live                                    default microphone to default output
  dap-stream live --input usb --output headphones --low-latency
  dap-stream live --record take.wav --duration 60    and take_dry.wav, the untouched sound
  dap-stream live --jack dap                         a JACK client; connect its ports
  dap-stream live --simulate talk.wav out.wav        a file instead of devices; needs no PortAudio

keys: b bypass, + - wet, [ ] reduction, f freeze learning, r reset, s save profile, q quit, ? help

Ctrl-C is the usual end: recording and profile are completed, and the exit status is 0 (130 for a
--simulate without --real-time, which then leaves no OUT). The first second sounds noisier: nothing is
learned yet, unless --profile brings it.
"""


def add_command(commands: Any) -> None:
    """Add ``live`` to the sub-commands."""
    parser = commands.add_parser(
        "live",
        help="clean sound as it comes in",
        description="Clean the sound of a microphone while it is heard, with a latency that never moves.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    _add_devices(parser.add_argument_group("where sound comes from and goes to"))
    _add_method(parser.add_argument_group("what is done"))
    _add_session(parser.add_argument_group("what is kept and told"))


def _add_devices(group: Any) -> None:
    group.add_argument(
        "--input", metavar="DEV", help="number, name or part of the name; default: the system's"
    )
    group.add_argument("--output", metavar="DEV", help="the same for the output")
    group.add_argument("--list-devices", action="store_true", help="list them and end")
    group.add_argument("--rate", metavar="HZ", type=_whole, help="sample rate (default: the input's own)")
    group.add_argument(
        "--blocksize",
        metavar="N",
        type=_whole,
        help="samples that the device moves at a time (default 5 ms, 256 at 48 kHz; 0: the device's choice)",
    )
    group.add_argument(
        "--margin",
        metavar="N",
        type=_whole,
        help=f"blocks that processing may take; more: later, and late less often (default {MARGIN_BLOCKS})",
    )
    group.add_argument("--channels", metavar="N", type=_whole, help="1 (default) or 2, ...")
    group.add_argument("--jack", metavar="NAME", help="be a JACK client of this name (extra: jack)")
    group.add_argument("--reconnect", action="store_true", help="wait for a device that went away")
    group.add_argument(
        "--simulate", nargs=2, metavar=("IN", "OUT"), help="a file instead of devices, as fast as it goes"
    )
    group.add_argument("--real-time", action="store_true", help="with --simulate: at the pace of a device")


def _add_method(group: Any) -> None:
    add_preset(group)
    group.add_argument("--lookahead", metavar="N", help=option_help("0, 1 or 2 half windows", "lookahead"))
    group.add_argument(
        "--window", metavar="MS", help=f"shorter is sooner, and cruder (default {WINDOW_MS:g})"
    )
    group.add_argument(
        "--low-latency", action="store_true", help=f"short for --window {LOW_LATENCY_MS:g}: 24 ms, and margin"
    )
    group.add_argument(
        "--reduction", metavar="DB", help=option_help("largest attenuation, 0..60 dB", "reduction_db")
    )
    group.add_argument(
        "--wet", metavar="PART", help=option_help("0 to 1: part of the result that is processed", "wet")
    )
    group.add_argument("--bypass", action="store_true", help="begin with the input itself, as late as ever")
    group.add_argument("--profile", metavar="FILE", help="start with weights (and window) learned before")
    add_assignments(group)


def _add_session(group: Any) -> None:
    group.add_argument("--save-profile", metavar="FILE", help="keep the weights at the end, for --profile")
    group.add_argument(
        "--record", metavar="FILE", help="write what is heard, and FILE_dry beside it, readable at any time"
    )
    group.add_argument("--force", action="store_true", help="replace files that exist already")
    group.add_argument("--duration", metavar="S", type=_seconds, help="end after so long: 90 or 1:30")
    group.add_argument("--no-ui", action="store_true", help="no display and no keys")
    group.add_argument("--json", action="store_true", help="one line of JSON at the end")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number") from None


def _seconds(text: str) -> float:
    from dap_stream.units import parse_seconds

    try:
        return parse_seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Check what is cheap to check, then run until it is ended."""
    if args.list_devices:
        return _list_devices(args.json)
    _check(args)
    settings, profile = _method(args)
    from dap_stream.live.run import Request, run_devices, run_file
    from dap_stream.live.session import Wishes

    wishes = Wishes(
        record=args.record,
        force=args.force,
        save_profile=args.save_profile,
        duration_s=args.duration,
        has_screen=not args.no_ui,
        reconnects=args.reconnect,
    )
    request = Request(
        settings=settings,
        profile=profile,
        wishes=wishes,
        margin_blocks=args.margin or MARGIN_BLOCKS,
        block_size=args.blocksize,
        sample_rate=args.rate,
        channels=args.channels or 1,
        source=args.input,
        target=args.output,
        jack=args.jack,
        is_bypassed=args.bypass,
    )
    if args.simulate is None:
        summary, error = run_devices(request)
    else:
        summary, error = run_file(request, args.simulate[0], args.simulate[1], args.real_time)
    print(json.dumps(summary.as_json()) if args.json else summary.as_text(), flush=True)
    if isinstance(error, Stopped):
        return 0 if error.number == signal.SIGINT else error.exit_status
    if error is not None:
        raise error
    return 0


def _list_devices(as_json: bool) -> int:
    from dap_stream.live.devices import devices

    found = devices()
    if as_json:
        print(json.dumps([asdict(each) for each in found]))
        return 0
    if not found:
        raise DeviceError("there is no sound device: plug one in, or start the sound server")
    width = max(4, *(len(each.name) for each in found))
    api = max(8, *(len(each.host_api) for each in found))
    print(f"  no  {'name':{width}}  {'host API':{api}}  in out  rate")
    for each in found:
        marks = ("<" if each.is_default_input else " ") + (">" if each.is_default_output else " ")
        print(
            f"{marks}{each.index:>2}  {each.name:{width}}  {each.host_api:{api}} "
            f"{each.inputs:>3} {each.outputs:>3}  {each.sample_rate}"
        )
    print("< default input, > default output")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Options that cannot be, or not together."""
    for option, low in (("rate", 1), ("blocksize", 0), ("margin", 1), ("channels", 1)):
        value = getattr(args, option)
        if value is not None and value < low:
            raise SettingError(f"--{option} {value} must be {low} or more")
    if args.duration == 0.0:
        raise SettingError("--duration 0 must be longer than 0 s")
    if args.real_time and args.simulate is None:
        raise SettingError("--real-time is for --simulate IN OUT; devices have no other pace")
    of_devices = ("input", "output", "rate", "channels", "jack", "reconnect")
    if args.simulate is not None:
        _refuse(args, "--simulate, where the file says it all", of_devices)
        if args.blocksize == 0:
            raise SettingError("--blocksize 0 leaves it to the device, and --simulate has none; choose one")
    if args.jack is not None:
        _refuse(args, "--jack, where the server says it", ("input", "output", "blocksize"))
    for path in (args.record, args.save_profile):
        if path is not None:
            check_folder(path)
    if args.save_profile is not None:
        from dap_stream.live.record import dry_name

        record = () if args.record is None else (args.record, dry_name(args.record))
        if os.path.realpath(args.save_profile) in map(os.path.realpath, (*record, *(args.simulate or ()))):
            raise SettingError(
                f"--save-profile {args.save_profile}: is one of the recordings; choose another name"
            )


def _refuse(args: argparse.Namespace, beside: str, options: tuple[str, ...]) -> None:
    for option in options:
        if getattr(args, option) not in (None, False):
            raise SettingError(f"--{option} does not go with {beside}; leave it out")


def _method(args: argparse.Namespace) -> tuple[Settings, Profile | None]:
    """Settings and profile; a profile brings the window it was learned with."""
    from dap_stream import config
    from dap_stream.profile import check_replaceable, load_profile

    if args.low_latency and args.window is not None:
        raise SettingError(f"--low-latency and --window {args.window} are the same setting; keep one")
    if args.low_latency:
        args.window = str(LOW_LATENCY_MS)
    profile = None if args.profile is None else load_profile(args.profile)
    values = chosen_values(args, SHORT)
    for key in ("passes", "device"):
        if key in values:
            raise SettingError(f"--set {key}={values[key]} means nothing live; leave it out")
    window_ms = WINDOW_MS if profile is None else profile.window_ms
    settings = config.make_settings(args.preset, values, {"window_ms": window_ms, "passes": 1})
    if settings.generator in DEEP_PRIORS:
        raise SettingError(f"generator={settings.generator} cannot work live; choose context or classical")
    if settings.generator == "classical" and (args.profile or args.save_profile):
        raise SettingError("a profile is of no use with generator=classical, which learns nothing")
    if args.save_profile is not None:
        check_replaceable(args.save_profile)
    return settings, profile
