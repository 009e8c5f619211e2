"""``dap-stream info``, ``presets`` and ``demo``: the commands that change no recording."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from dap_stream.cli.wording import in_options
from dap_stream.core.settings import limits
from dap_stream.core.units import format_channels, format_seconds
from dap_stream.errors import DapStreamError
from dap_stream.processors.registry import PROCESSORS
from dap_stream.report.json_text import json_line

_MOST_TAGS = 30  # in one line; JSON has all


def add_info_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of ``info``."""
    parser.description = "What a recording or a saved profile is, and its metadata. Nothing is changed."
    parser.epilog = "example: dap-stream info talk.wav"
    parser.add_argument("inputs", nargs="+", metavar="FILE", help="recordings or profiles")
    parser.add_argument("--json", action="store_true", help="one line of JSON for each file")
    parser.set_defaults(run=run_info, tells_only=True)


def add_presets_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of ``presets``."""
    parser.description = "List the presets, or print one as it stands in its file."
    parser.epilog = (
        "example: dap-stream presets podcast > mine.toml; edit it, and: denoise --preset mine.toml"
    )
    parser.add_argument("preset", nargs="?", metavar="NAME", help="print this one")
    parser.add_argument("--keys", action="store_true", help="list every setting: default, range, meaning")
    parser.set_defaults(run=run_presets, tells_only=True)


def add_demo_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of ``demo``."""
    parser.description = (
        "Make a noisy recording, clean it, write noisy, clean and removed WAVs and a picture."
    )
    parser.epilog = "example: dap-stream demo -o listen/"
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="folder, made if it is not there (default dap_stream_demo)"
    )
    parser.add_argument(
        "--force", action="store_true", help="replace files of these names in a folder of yours"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=run_demo)


def run_info(args: argparse.Namespace) -> int:
    """Describe each file; a bad one does not stop the rest."""
    import sys

    errors = []
    for name in args.inputs:
        try:
            found = describe_file(name)
        except DapStreamError as error:
            errors.append(error)
            print(f"dap-stream: error: {in_options(str(error))}", file=sys.stderr)
            continue
        print(json_line(found) if args.json else _text(name, found))
    return 0 if not errors else errors[0].exit_status if len(args.inputs) == 1 else 1


def describe_file(name: str) -> dict[str, object]:
    """Facts from the headers."""
    from dap_stream.io.around.describe import describe_around
    from dap_stream.io.media_files import media_reader
    from dap_stream.io.open_audio import open_audio
    from dap_stream.io.profile_file import load_profile

    if Path(name).suffix.lower() == ".npz":
        profile = load_profile(name)
        n_weights = sum(weights.size for weights in profile.weights.values())
        return {
            "file": name,
            "profile": profile.generator,
            "window_ms": profile.window_ms,
            "lookahead": profile.lookahead,
            "weights": n_weights,
        }
    tracks = None
    if media_reader(name) is not None:
        from dap_stream.io.media_tracks import list_tracks

        tracks = [str(track) for track in list_tracks(Path(name))]
    with open_audio(name) as source:
        file_format, n_samples = source.format, source.n_samples
        around = describe_around(source.surroundings(), file_format.sample_rate)
        return {
            "file": name,
            "container": file_format.container,
            "subtype": file_format.subtype,
            "sample_rate": file_format.sample_rate,
            "channels": file_format.channels,
            "n_samples": n_samples,
            "seconds": None if n_samples is None else n_samples / file_format.sample_rate,
            "bytes": Path(name).stat().st_size,
            "around": around,
            **({} if tracks is None else {"tracks": tracks}),
        }


def _text(name: str, found: dict[str, Any]) -> str:
    if "profile" in found:
        kind = f"profile of the {found['profile']} generator"
        frames = f"window_ms={found['window_ms']:g}, lookahead={found['lookahead']}"
        return f"{name}: {kind}, {frames}, {found['weights']} weights"
    length = "length not stated" if found["seconds"] is None else format_seconds(found["seconds"], 3)
    channels = format_channels(found["channels"])
    first = (
        f"{name}: {found['container']} {found['subtype']}, {found['sample_rate']} Hz, {channels}, {length}, "
        f"{found['bytes'] / 1e6:.1f} MB"
    )
    rest = [*found.get("tracks", []), *around_lines(found["around"])]
    return "\n".join([first, *(f"  {line}" for line in rest)])


def around_lines(around: dict[str, Any]) -> list[str]:
    """Metadata around the samples, in a few lines."""
    lines = []
    if (bext := around["bext"]) is not None:
        moment = f"{bext['date']} {bext['time']}".strip()
        about = [_short(text) for text in (bext["description"], bext["originator"], moment) if text]
        seconds = format_seconds(bext["time_reference_s"], 3)
        about.append(f"starts at {seconds} (sample {bext['time_reference']})")
        lines.append(f"bext: {', '.join(about)}")
    if around["tags"]:
        tags = [f"{_short(key.lower())}={_short(text)}" for key, text in around["tags"][:_MOST_TAGS]]
        lines.append(f"tags: {', '.join(tags + ['...'] * (len(around['tags']) > _MOST_TAGS))}")
    counts = [f"{around[key]} {key}" for key in ("cues", "markers", "pictures") if around[key]]
    if counts:
        lines.append(", ".join(counts))
    if around["pieces"]:
        lines.append(f"around the samples: {' '.join(around['pieces'])}")
    lines += [f"broken: {text}" for text in around["broken"]]
    return lines


def _short(text: str) -> str:
    """On one line, without anything that a terminal would obey."""
    text = "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
    return text if len(text) <= 60 else f"{text[:57]}..."


def run_presets(args: argparse.Namespace) -> int:
    """The list, one preset, or all keys."""
    from dap_stream.core import presets

    if args.keys:
        for name, entry in PROCESSORS.items():
            print(f"{name}: {entry.summary}")
            for item in fields(entry.settings):
                print(f"  {_key_line(item)}")
    elif args.preset is not None:
        print(presets.preset_text(args.preset), end="")
    else:
        for name in presets.preset_names():
            values = " ".join(f"{key}={value}" for key, value in presets.read_preset(name).items())
            print(f"{name:8} {presets.preset_text(name).partition(chr(10))[0].lstrip('# ')} [{values}]")
    return 0


def _key_line(item: Any) -> str:
    """One setting: default, what is allowed, meaning."""
    default = str(item.default).lower() if isinstance(item.default, bool | None) else item.default
    return f"{item.name} = {default}  ({limits(item)})  {item.metadata['text']}"


def run_demo(args: argparse.Namespace) -> int:
    """See `dap_stream.cli.demo`."""
    from dap_stream.cli.demo import run_demo as make

    print(make(args.output, args.force, args.quiet))
    return 0
