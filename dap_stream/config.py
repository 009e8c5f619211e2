"""Presets and single values to `Settings`: TOML files by name or path, ``key=value`` from a command line.

Every value passes through here typed by the field of `Settings` that it is for, and a key, preset or
value that does not exist is a SettingError which names the nearest that does.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from dap_stream.errors import SettingError
from dap_stream.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUFFIX = ".toml"
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def preset_folder() -> Path:
    """Where the presets that come with dap_stream are: in the package, or beside it in a checkout."""
    inside = Path(__file__).with_name("configs")
    return inside if inside.is_dir() else Path(__file__).parents[1] / "configs"


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
        f"preset {preset!r} does not exist{_nearest(preset, preset_names())}; "
        f"known: {', '.join(preset_names())}, or the path of a {SUFFIX} file"
    )


def preset_text(preset: str) -> str:
    """The preset as it stands in its file, with the reasons in its comments."""
    path = preset_path(preset)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"preset {path} cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"preset {path} is not a text file; write key = value lines (TOML)") from error


def read_preset(preset: str) -> dict[str, object]:
    """The values of a preset, by key of `Settings`."""
    text = preset_text(preset)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingError(f"preset {preset_path(preset)} is not TOML: {error}") from error
    try:
        return {key: typed(key, value) for key, value in values.items()}
    except SettingError as error:
        raise SettingError(f"preset {preset_path(preset)}: {error}") from error


def make_settings(
    preset: str | None = None,
    values: Mapping[str, object] | None = None,
    defaults: Mapping[str, object] | None = None,
) -> Settings:
    """Defaults, changed by the preset, changed by ``values`` (texts are converted).

    ``defaults`` are those that differ from the ones of `Settings`.

    >>> make_settings("gentle", {"wet": "0.5"}).wet
    0.5
    """
    chosen = dict(defaults or {})
    chosen.update(read_preset(preset) if preset is not None else {})
    chosen.update((key, typed(key, value)) for key, value in (values or {}).items())
    return Settings(**chosen)  # type: ignore[arg-type]  # typed() has seen to it, Settings checks again


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


def typed(key: str, value: object) -> object:
    """``value`` in the type of the field ``key`` of `Settings`; its range is for Settings to check."""
    kinds = get_type_hints(Settings)
    if key not in kinds:
        names = [item.name for item in fields(Settings)]
        raise SettingError(f"unknown key {key!r}{_nearest(key, names)}; known: {', '.join(names)}")
    kind = kinds[key]
    if isinstance(value, str) and kind is not str:
        value = _from_text(key, value, kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _from_text(key: str, text: str, kind: object) -> object:
    """A number, truth value or nothing from what was typed."""
    word = text.lower()
    if kind is bool:
        if word not in _WORDS:
            raise SettingError(f"{key}={text!r} must be true or false")
        return _WORDS[word]
    if kind not in (int, float) and word == "none":  # int | None: left to the method
        return None
    try:
        return float(text) if kind is float else int(text)
    except ValueError as error:
        what = "a number" if kind is float else "a whole number"
        raise SettingError(f"{key}={text!r} must be {what}") from error


def _nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean ...?`` if one of the known words is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
