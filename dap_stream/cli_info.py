"""``dap-stream info``, ``presets`` and ``demo``: the commands that change no recording."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from dap_stream.errors import DapStreamError
from dap_stream.settings import Settings
from dap_stream.units import format_seconds


def add_commands(commands: Any) -> None:
    """Add them to the sub-commands."""
    info = commands.add_parser(
        "info",
        help="what a file is",
        description="What a recording or a saved profile is. Nothing is changed.",
        epilog="example: dap-stream info talk.wav",
        allow_abbrev=False,
    )
    info.add_argument("inputs", nargs="+", metavar="FILE", help="recordings or profiles")
    info.add_argument("--json", action="store_true", help="one line of JSON for each file")
    info.set_defaults(run=run_info)

    presets = commands.add_parser(
        "presets",
        help="settings that go together",
        description="List the presets, or print one as it stands in its file.",
        epilog="example: dap-stream presets podcast > mine.toml; edit it, and: denoise --preset mine.toml",
        allow_abbrev=False,
    )
    presets.add_argument("preset", nargs="?", metavar="NAME", help="print this one")
    presets.add_argument("--keys", action="store_true", help="list every setting: default, range, meaning")
    presets.set_defaults(run=run_presets)

    demo = commands.add_parser(
        "demo",
        help="hear and see what it does",
        description="Make a noisy recording, clean it, write noisy, clean and removed WAVs and a picture.",
        epilog="example: dap-stream demo -o listen/",
        allow_abbrev=False,
    )
    demo.add_argument(
        "-o", "--output", metavar="DIR", help="folder, made if it is not there (default dap_stream_demo)"
    )
    demo.add_argument(
        "--force", action="store_true", help="replace files of these names in a folder of yours"
    )
    demo.add_argument("-q", "--quiet", action="store_true", help="no progress")
    demo.set_defaults(run=run_demo)


def run_info(args: argparse.Namespace) -> int:
    """Describe each file; a bad one does not stop the rest."""
    import sys

    errors = []
    for name in args.inputs:
        try:
            found = describe_file(name)
        except DapStreamError as error:
            errors.append(error)
            print(f"dap-stream: error: {error}", file=sys.stderr)
            continue
        print(json.dumps(found) if args.json else _text(name, found))
    return 0 if not errors else errors[0].exit_status if len(args.inputs) == 1 else 1


def describe_file(name: str) -> dict[str, object]:
    """What the headers say."""
    from dap_stream.io.file import FileSource
    from dap_stream.profile import load_profile

    if Path(name).suffix.lower() == ".npz":
        profile = load_profile(name)
        n_weights = sum(weights.size for weights in profile.weights.values())
        return {
            "file": name,
            "profile": profile.generator,
            "window_ms": profile.window_ms,
            "weights": n_weights,
        }
    with FileSource(name) as source:
        file_format, n_samples = source.format, source.n_samples
        return {
            "file": name,
            "container": file_format.container,
            "subtype": file_format.subtype,
            "sample_rate": file_format.sample_rate,
            "channels": file_format.channels,
            "n_samples": n_samples,
            "seconds": None if n_samples is None else n_samples / file_format.sample_rate,
            "bytes": Path(name).stat().st_size,
        }


def _text(name: str, found: dict[str, Any]) -> str:
    if "profile" in found:
        kind = f"profile of the {found['profile']} generator"
        return f"{name}: {kind}, window_ms={found['window_ms']:g}, {found['weights']} weights"
    length = "length not stated" if found["seconds"] is None else format_seconds(found["seconds"], 3)
    channels = f"{found['channels']} channel{'s' if found['channels'] > 1 else ''}"
    return (
        f"{name}: {found['container']} {found['subtype']}, {found['sample_rate']} Hz, {channels}, {length}, "
        f"{found['bytes'] / 1e6:.1f} MB"
    )


def run_presets(args: argparse.Namespace) -> int:
    """The list, one preset, or all keys."""
    from dap_stream import config

    if args.keys:
        print("\n".join(_key_line(item) for item in fields(Settings)))
    elif args.preset is not None:
        print(config.preset_text(args.preset), end="")
    else:
        for name in config.preset_names():
            values = " ".join(f"{key}={value:g}" for key, value in config.read_preset(name).items())
            print(f"{name:8} {config.preset_text(name).partition(chr(10))[0].lstrip('# ')} [{values}]")
    return 0


def _key_line(item: Any) -> str:
    """One setting: default, what is allowed, meaning."""
    rule = item.metadata
    if "allowed" in rule:
        limits = "|".join(
            str(each).lower() if isinstance(each, bool) else str(each) for each in rule["allowed"]
        )
    else:
        limits = f"{rule['low']:g}..{rule['high']:g}" + (f" {rule['unit']}" if rule["unit"] else "")
    default = str(item.default).lower() if isinstance(item.default, bool) else item.default
    return f"{item.name} = {default}  ({limits})  {rule['text']}"


def run_demo(args: argparse.Namespace) -> int:
    """See `dap_stream.demo`."""
    from dap_stream.demo import run_demo as make

    print(make(args.output, args.force, args.quiet))
    return 0
