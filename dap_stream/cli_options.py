"""Options that several commands have: settings, by their own names or short ones."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from dap_stream.errors import SettingError
from dap_stream.settings import Settings


def add_preset(group: Any) -> None:
    """``--preset``."""
    group.add_argument(
        "--preset", metavar="NAME", help="podcast, field, music, gentle, or a TOML file of your own"
    )


def add_assignments(group: Any) -> None:
    """``--set``."""
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="assignments",
        help="any setting; dap-stream presets --keys lists them",
    )


def option_help(text: str, key: str) -> str:
    """``text`` with the default of the setting ``key``."""
    default = getattr(Settings(), key)
    return f"{text} (default {default:g})" if isinstance(default, float) else f"{text} (default {default})"


def chosen_values(args: argparse.Namespace, short: Mapping[str, str]) -> dict[str, object]:
    """What ``--set`` and the options in ``short`` (option -> setting it is short for) say, as texts."""
    from dap_stream import config

    values: dict[str, object] = dict(config.parse_assignments(args.assignments))
    for option, key in short.items():
        text = getattr(args, option)
        if text is None:
            continue
        if key in values:
            raise SettingError(
                f"--{option} {text} and --set {key}={values[key]} are the same setting; keep one"
            )
        values[key] = text
    return values
