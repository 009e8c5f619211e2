"""Lists and manifests: recordings named in a text file, one a line, or a JSON object a line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dap_stream.core.settings import nearest
from dap_stream.core.small_file import read_small
from dap_stream.errors import InputError, SettingError
from dap_stream.io.output_paths import PIPE

_MAX_BYTES = 2**30
_KEYS: dict[str, type | tuple[type, ...]] = {
    "input": str,
    "output": str,
    "settings": dict,
    "profile": str,
    "group": str,
}


@dataclass(frozen=True)
class Line:
    """A recording as a manifest has it. Paths count from the folder of the manifest."""

    source: str
    output: str | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    profile: str | None = None
    group: str | None = None


def read_list(path: str) -> list[str]:
    """Names of files, one a line (or with zero bytes between them, as ``find -print0`` writes them)."""
    data = _read(path)
    parts = data.split(b"\0") if b"\0" in data else data.splitlines()
    return [os.fsdecode(part) for part in parts if part.strip()]


def read_manifest(path: str) -> list[Line]:
    """One JSON object a line: ``input``, and where wanted ``output``, ``settings``, ``profile``, ``group``.

    Raises
    ------
    SettingError
        For what is no such line, with its number.
    InputError
        If it cannot be read.
    """
    folder = "" if path == PIPE else os.path.dirname(path)
    lines = []
    for number, text in enumerate(_read(path).splitlines(), 1):
        if text.strip():
            lines.append(_line(text, f"{path}, line {number}", folder))
    return lines


def _line(text: bytes, where: str, folder: str) -> Line:
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"{where}: is not JSON ({error}); write one object a line") from error
    if not isinstance(values, dict) or "input" not in values:
        raise SettingError(f'{where}: must be an object with an input: {{"input": "talk.wav"}}')
    for key, value in values.items():
        if key not in _KEYS:
            raise SettingError(
                f"{where}: unknown key {key!r}{nearest(key, list(_KEYS))}; known: {', '.join(_KEYS)}"
            )
        if not isinstance(value, _KEYS[key]) or value == "":
            kind = "an object" if key == "settings" else "a text"
            raise SettingError(f"{where}: {key} must be {kind}, not {value!r}")
    profile = values.get("profile")
    return Line(
        os.path.join(folder, values["input"]),
        values.get("output"),
        values.get("settings", {}),
        None if profile is None else os.path.join(folder, profile),
        values.get("group"),
    )


def _read(path: str) -> bytes:
    if path == PIPE:
        return sys.stdin.buffer.read(_MAX_BYTES)
    try:
        return read_small(Path(path), _MAX_BYTES)
    except OSError as error:
        raise InputError(
            f"{path}: the list cannot be read ({error.strerror or error}); check its name"
        ) from error
