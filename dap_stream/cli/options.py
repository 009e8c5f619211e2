"""Options that several commands have: the chain and its settings, by their own names or short ones."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from dap_stream.errors import SettingError
from dap_stream.processors.denoise.settings import DenoiseSettings
from dap_stream.processors.registry import PROCESSORS, REPAIRS
from dap_stream.processors.repairs import MADE_UP, parse_kinds

KEEP_HELP = (
    "voice (takes other sounds, such as music, away), any (sound), or auto: voice if one is heard, else any"
)


LOUDNESS_SHORT = {"loudness": "loudness.lufs"}
"""Option of `add_loudness`, for `chosen_values`."""


def add_loudness(group: Any) -> None:
    """``--loudness``, for what makes files or pipes."""
    group.add_argument(
        "--loudness",
        metavar="LUFS",
        help="at the end give the whole result this loudness (-16 podcasts, -23 broadcast), true peaks below "
        "-1 dBTP; as --chain ...,loudness",
    )


def last_of_chain(args: argparse.Namespace) -> str | None:
    """The processor that ``--loudness`` puts at the end of the chain."""
    return None if args.loudness is None else "loudness"


def add_chain(group: Any) -> None:
    """``--preset``, ``--chain``, ``--repair`` and ``--set``."""
    add_preset(group)
    group.add_argument(
        "--chain",
        metavar="NAMES",
        help=f"processors in their order, with commas between (default denoise); {processors_help()}",
    )
    group.add_argument(
        "--repair",
        metavar="KINDS",
        help=f"repair this first, with commas between: {', '.join(REPAIRS)} ({', '.join(MADE_UP)} last)",
    )
    add_set(group)


def add_preset(group: Any) -> None:
    """``--preset``."""
    group.add_argument(
        "--preset", metavar="NAME", help="podcast, field, music, gentle, or a TOML file of your own"
    )


def add_set(group: Any) -> None:
    """``--set``."""
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any setting, as KEY or PROCESSOR.KEY; dap-stream presets --keys lists them",
    )


def processors_help() -> str:
    """Summary of each processor, in a few words."""
    return "; ".join(f"{name}: {entry.summary}" for name, entry in PROCESSORS.items())


def chain_names(args: argparse.Namespace) -> list[str] | None:
    """Names in ``--chain``; None if it is not there."""
    return None if args.chain is None else [name.strip() for name in args.chain.split(",")]


def chosen_repairs(args: argparse.Namespace) -> tuple[str, ...]:
    """Kinds of damage in ``--repair``."""
    if args.repair is None:
        return ()
    try:
        return parse_kinds(args.repair)
    except SettingError as error:
        raise SettingError(f"--repair {args.repair}: {error}") from error


def option_help(text: str, key: str) -> str:
    """``text`` with the default of the denoiser's setting ``key``."""
    default = getattr(DenoiseSettings(), key)
    return f"{text} (default {default:g})" if isinstance(default, float) else f"{text} (default {default})"


def whole_number(option: str, text: str) -> int:
    """The whole number that was typed after ``--option``; SettingError if it is none."""
    try:
        return int(text)
    except ValueError as error:
        raise SettingError(f"--{option}: {text!r} must be a whole number") from error


def chosen_values(
    args: argparse.Namespace, short: Mapping[str, str], flags: Mapping[str, tuple[str, str]] | None = None
) -> dict[str, object]:
    """Values of ``--set`` and of the options that are short for a setting, as texts.

    Parameters
    ----------
    args
        With ``assignments`` and all of the options.
    short
        Option to the setting whose value it takes; one of the denoiser if it names no processor.
    flags
        Option without a value to a setting and its value.

    Raises
    ------
    SettingError
        If two of them say the same setting.
    """
    from dap_stream.core import presets

    said = {key: f"--set {key}={text}" for key, text in presets.parse_assignments(args.assignments).items()}
    values: dict[str, object] = dict(presets.parse_assignments(args.assignments))
    typed = [
        (f"--{option} {getattr(args, option)}", key, getattr(args, option)) for option, key in short.items()
    ]
    typed += [
        (f"--{option.replace('_', '-')}", key, value if getattr(args, option) else None)
        for option, (key, value) in (flags or {}).items()
    ]
    for option, key, value in typed:
        if value is None:
            continue
        owner, _, own = key.rpartition(".")
        full = f"{owner or 'denoise'}.{own}"
        other = said.get(own) or said.get(full)
        if other is not None:
            raise SettingError(f"{option} and {other} are the same setting; keep one")
        said[own], values[full] = option, value
    return values
