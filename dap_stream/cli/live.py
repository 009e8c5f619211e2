"""``dap-stream live``: options to a session on sound devices, on JACK, or on a file in their place."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from dap_stream.apps.live import LOOPBACK, MARGIN_BLOCKS
from dap_stream.cli.options import (
    KEEP_HELP,
    add_chain,
    chain_names,
    chosen_repairs,
    chosen_values,
    option_help,
)
from dap_stream.core.interrupts import Stopped
from dap_stream.errors import DeviceError, SettingError
from dap_stream.io.output_paths import check_folder, is_same_file
from dap_stream.processors.denoise.settings import LIVE_WINDOW_MS, DenoiseSettings

if TYPE_CHECKING:
    from dap_stream.apps.live.report import SessionReport
    from dap_stream.apps.live.settings import OscSettings
    from dap_stream.core.profile import Profile
    from dap_stream.core.settings import Settings
    from dap_stream.processors.chain_settings import ChainSettings

LOW_LATENCY_MS = 16.0
MOST_PORT = 65535
_RANGES = {"rate": (1, 10**6), "blocksize": (0, 2**16), "margin": (1, 256), "channels": (1, 64)}
SHORT = {
    "reduction": "reduction_db",
    "wet": "wet",
    "lookahead": "lookahead",
    "window": "window_ms",
    "keep": "keep",
}

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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "Clean the sound of a microphone while it is heard, with a latency that never moves."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    _add_devices(parser.add_argument_group("where sound comes from and goes to"))
    add_method(parser.add_argument_group("what is done"))
    _add_session(parser.add_argument_group("what is kept and told"))


def _add_devices(group: Any) -> None:
    group.add_argument(
        "--input", metavar="DEV", help="number, name or part of the name; default: the system's"
    )
    group.add_argument("--output", metavar="DEV", help="the same for the output")
    group.add_argument("--list-devices", action="store_true", help="list them and end")
    group.add_argument("--rate", metavar="HZ", type=_whole, help="sample rate (default: the input's own)")
    add_buffers(group)
    group.add_argument("--channels", metavar="N", type=_whole, help="1 (default) or 2, ...")
    group.add_argument("--jack", metavar="NAME", help="be a JACK client of this name (extra: jack)")
    group.add_argument("--reconnect", action="store_true", help="wait for a device that went away")
    group.add_argument(
        "--simulate", nargs=2, metavar=("IN", "OUT"), help="a file instead of devices, as fast as it goes"
    )
    group.add_argument("--real-time", action="store_true", help="with --simulate: at the pace of a device")


def add_buffers(group: Any) -> None:
    """Options of the blocks that sound moves in."""
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


def add_method(group: Any) -> None:
    """Options of the denoiser and the chain."""
    group.add_argument("--lookahead", metavar="N", help=option_help("0, 1 or 2 half windows", "lookahead"))
    group.add_argument(
        "--window", metavar="MS", help=f"shorter is sooner, and cruder (default {LIVE_WINDOW_MS:g})"
    )
    group.add_argument(
        "--low-latency", action="store_true", help=f"short for --window {LOW_LATENCY_MS:g}: 24 ms, and margin"
    )
    group.add_argument("--keep", metavar="WHAT", help=option_help(KEEP_HELP, "keep"))
    group.add_argument(
        "--reduction", metavar="DB", help=option_help("largest attenuation, 0..60 dB", "reduction_db")
    )
    group.add_argument(
        "--wet", metavar="PART", help=option_help("0 to 1: part of the result that is processed", "wet")
    )
    group.add_argument("--bypass", action="store_true", help="begin with the input itself, as late as ever")
    group.add_argument("--profile", metavar="FILE", help="start with weights (and window) learned before")
    add_chain(group)


def _add_session(group: Any) -> None:
    group.add_argument("--save-profile", metavar="FILE", help="keep the weights at the end, for --profile")
    group.add_argument(
        "--record", metavar="FILE", help="write what is heard, and FILE_dry beside it, readable at any time"
    )
    group.add_argument("--force", action="store_true", help="replace files that exist already")
    group.add_argument("--duration", metavar="S", type=_seconds, help="end after so long: 90 or 1:30")
    add_osc(group)
    group.add_argument("--no-ui", action="store_true", help="no display and no keys")
    group.add_argument("--json", action="store_true", help="one line of JSON at the end")


def add_osc(group: Any) -> None:
    """Options of the control by messages."""
    group.add_argument(
        "--osc",
        metavar="PORT",
        type=_whole,
        help="be controlled by OSC messages, 0: any free port (extra: osc)",
    )
    group.add_argument(
        "--osc-host", metavar="HOST", help=f"address to listen on (default {LOOPBACK}: this machine only)"
    )
    group.add_argument(
        "--osc-reply", metavar="HOST:PORT", help="send meters there (default: to whoever sent last)"
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number") from None


def _seconds(text: str) -> float:
    from dap_stream.core.units import parse_seconds

    try:
        return parse_seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(args: argparse.Namespace) -> int:
    """Check what is cheap to check, then run until it is ended."""
    if args.list_devices:
        return _list_devices(args.json)
    _check(args)
    chain, profile = make_method(args)
    from dap_stream.apps.live.launch import run_devices, run_file
    from dap_stream.apps.live.settings import LiveSettings

    settings = LiveSettings(
        chain=chain,
        profile=profile,
        source=args.input,
        target=args.output,
        jack=args.jack,
        sample_rate=args.rate,
        channels=args.channels or 1,
        block_size=args.blocksize,
        margin_blocks=args.margin or MARGIN_BLOCKS,
        is_bypassed=args.bypass,
        reconnects=args.reconnect,
        duration_s=args.duration,
        record=args.record,
        save_profile=args.save_profile,
        force=args.force,
        has_screen=not args.no_ui,
        osc=osc_settings(args),
    )
    if args.simulate is None:
        report, error = run_devices(settings)
    else:
        report, error = run_file(settings, args.simulate[0], args.simulate[1], args.real_time)
    return tell(report, error, args.json)


def tell(report: SessionReport, error: BaseException | None, as_json: bool = False) -> int:
    """Say what was done; the exit status, or the error that ended it."""
    from dap_stream.report.json_text import json_line

    print(json_line(report.as_json()) if as_json else report.as_text(), flush=True)
    if isinstance(error, Stopped):
        return 0 if error.number == signal.SIGINT else error.exit_status
    if error is not None:
        raise error
    return 0


def osc_settings(args: argparse.Namespace) -> OscSettings | None:
    """Where messages come in; None if they do not."""
    if args.osc is None:
        for option in ("osc_host", "osc_reply"):
            if getattr(args, option) is not None:
                raise SettingError(f"--{option.replace('_', '-')} is of no use without --osc PORT; add it")
        return None
    _check_range("osc", args.osc, 0, MOST_PORT)
    from dap_stream.apps.live.settings import OscSettings

    reply = None
    if args.osc_reply is not None:
        host, colon, port = args.osc_reply.rpartition(":")
        if not (colon and host and port.isascii() and port.isdigit() and 1 <= int(port[:9]) <= MOST_PORT):
            raise SettingError(f"--osc-reply {args.osc_reply}: must look like 192.168.1.20:9001")
        reply = host, int(port)
    return OscSettings(args.osc, args.osc_host or LOOPBACK, reply)


def check_ranges(args: argparse.Namespace) -> None:
    """SettingError for a number that cannot be."""
    for option, (low, high) in _RANGES.items():
        value = getattr(args, option, None)
        if value is not None:
            _check_range(option, value, low, high)


def _check_range(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise SettingError(f"--{option} {value} must be in {low}..{high}")


def _list_devices(as_json: bool) -> int:
    from dap_stream.realtime.backends.portaudio_devices import devices

    known = devices()
    if as_json:
        print(json.dumps([asdict(device) for device in known]))
        return 0
    if not known:
        raise DeviceError("there is no sound device: plug one in, or start the sound server")
    width = max(4, *(len(device.name) for device in known))
    api = max(8, *(len(device.host_api) for device in known))
    print(f"  no  {'name':{width}}  {'host API':{api}}  in out  rate")
    for device in known:
        marks = ("<" if device.is_default_input else " ") + (">" if device.is_default_output else " ")
        print(
            f"{marks}{device.index:>2}  {device.name:{width}}  {device.host_api:{api}} "
            f"{device.inputs:>3} {device.outputs:>3}  {device.sample_rate}"
        )
    print("< default input, > default output")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Options that cannot be, or not together."""
    check_ranges(args)
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
        from dap_stream.apps.live.recorder import dry_name

        recordings = () if args.record is None else (args.record, dry_name(args.record))
        sounds = (*recordings, *(args.simulate or ()))
        if any(is_same_file(args.save_profile, sound) for sound in sounds):
            raise SettingError(
                f"--save-profile {args.save_profile}: is one of the recordings; choose another name"
            )


def _refuse(args: argparse.Namespace, beside: str, options: tuple[str, ...]) -> None:
    for option in options:
        if getattr(args, option) not in (None, False):
            raise SettingError(f"--{option} does not go with {beside}; leave it out")


def make_method(args: argparse.Namespace) -> tuple[ChainSettings, Profile | None]:
    """Chain and profile; a profile brings the window and look-ahead it was learned with."""
    from dap_stream.io.profile_file import check_replaceable, load_profile
    from dap_stream.processors.build import for_live
    from dap_stream.processors.chain_settings import make_chain_settings

    values = chosen_values(args, SHORT, {"low_latency": ("window_ms", str(LOW_LATENCY_MS))})
    for key in ("passes", "device", "quality"):
        if {key, f"denoise.{key}"} & set(values):
            raise SettingError(f"--set {key} means nothing live; leave it out")
    profile = None if args.profile is None else load_profile(args.profile)
    starts: dict[str, Settings] = {}
    if profile is not None:
        starts["denoise"] = DenoiseSettings(window_ms=profile.window_ms, lookahead=profile.lookahead)
    names, repairs = chain_names(args), chosen_repairs(args)
    chain = for_live(make_chain_settings(args.preset, values, names, starts, repairs))
    if not chain.learns and (args.profile or args.save_profile):
        raise SettingError("a profile is of no use where nothing learns; take generator=band or context")
    if args.save_profile is not None:
        check_replaceable(args.save_profile)
    return chain, profile
