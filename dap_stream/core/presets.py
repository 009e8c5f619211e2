"""Presets: TOML files by name or by path, with a reason beside each value."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from dap_stream.core.settings import nearest
from dap_stream.core.small_file import read_small
from dap_stream.errors import SettingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX = ".toml"
MAX_BYTES = 2**20


def preset_folder() -> Path:
    """Where the presets that come with dap_stream are: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.with_name("configs")


def preset_names() -> tuple[str, ...]:
    """Names that ``--preset`` knows, sorted."""
    return tuple(sorted(path.stem for path in preset_folder().glob(f"*{SUFFIX}")))


def preset_path(preset: str) -> Path:
    """The file of a preset: a known name, or the path of a file of your own."""
    if preset in preset_names():
        return preset_folder() / f"{preset}{SUFFIX}"
    path = Path(preset)
    if preset.endswith(SUFFIX) or path.name != preset or path.is_file():
        return path
    raise SettingError(
        f"preset {preset!r} does not exist{nearest(preset, preset_names())}; "
        f"known: {', '.join(preset_names())}, or the path of a {SUFFIX} file"
    )


def preset_text(preset: str) -> str:
    """The preset as it stands in its file, with the reasons in its comments."""
    path = preset_path(preset)
    try:
        return read_small(path, MAX_BYTES).decode("utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise SettingError(f"preset {path} cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"preset {path} is not a text file; write key = value lines (TOML)") from error


def read_preset(preset: str) -> dict[str, object]:
    """The values of a preset as TOML has them: numbers, texts, lists, and tables as dictionaries."""
    text = preset_text(preset)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SettingError(f"preset {preset_path(preset)} is not TOML: it is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and what Python says to numbers of thousands of digits
        raise SettingError(f"preset {preset_path(preset)} is not TOML: {error}") from error


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """``key=value`` texts as a dictionary; no key twice.

    >>> parse_assignments(["wet=0.8", "passes=1"])
    {'wet': '0.8', 'passes': '1'}
    """
    values: dict[str, str] = {}
    for text in assignments:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise SettingError(f"{text!r} must look like key=value, for example reduction_db=12")
        if key in values:
            raise SettingError(f"{key} is given twice ({values[key]} and {value.strip()}); keep one")
        values[key] = value.strip()
    return values
