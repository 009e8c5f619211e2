"""Put scripts into the folder of a host, and take away exactly those."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from dap_stream.apps.bridge.hosts.places import Host, Script
from dap_stream.core.version import __version__
from dap_stream.errors import OutputError
from dap_stream.io.file_set import write_whole

HERE = Path(__file__).parent
MARK = "written by dap-stream bridge install"
_FUTURE = "from __future__ import annotations"  # has to be the first statement

Values: TypeAlias = "dict[str, dict[str, str]]"
"""For ``lua`` and ``python``: what stands in a script -> what it is replaced with."""


def lua_string(text: str) -> str:
    """A string as Lua reads it."""
    escaped = "".join(c if c.isprintable() and c not in '"\\' else _escaped(c) for c in text)
    return f'"{escaped}"'


def _escaped(c: str) -> str:
    return f"\\{c}" if c in '"\\' else f"\\u{{{ord(c):x}}}"


def values(command: str, jobs: Path, folders: Sequence[str], preset: str | None = None) -> Values:
    """Places and settings that the scripts are told, for each mark in them.

    Parameters
    ----------
    command
        The dap-stream to start.
    jobs
        The folder for job files.
    folders
        In which the bridge may read and write.
    preset
        Settings that scripts clean with; the usual ones if None.
    """
    return {
        "lua": {
            "@COMMAND@": lua_string(command),
            "@JOBS@": lua_string(str(jobs)),
            "@PRESET@": "nil" if preset is None else lua_string(preset),
            "@FOLDERS@": "{ " + ", ".join(lua_string(each) for each in folders) + " }",
        },
        "python": {
            '"@COMMAND@"': repr(command),
            '"@JOBS@"': repr(str(jobs)),
            '"@PRESET@"': repr(preset),
            '["@FOLDERS@"]': repr(list(folders)),
        },
    }


def script_text(script: Script, filled: Values) -> str:
    """A script as it is installed, its first line the mark."""
    is_python = script.name.endswith(".py")
    parts = [(HERE / part).read_text(encoding="utf-8") for part in script.parts]
    text = _one_module(parts) if is_python and len(parts) > 1 else "\n".join(parts)
    for mark, value in filled["python" if is_python else "lua"].items():
        text = text.replace(mark, value)
    return f"{'#' if is_python else '--'} {MARK}, version {__version__}\n{text}"


def _one_module(parts: Sequence[str]) -> str:
    """Parts in Python as one file, in which they need not import each other."""
    lines = [line for part in parts for line in part.splitlines()]
    kept = (line for line in lines if not line.startswith((_FUTURE, "from dap_stream.")))
    return "\n".join((_FUTURE, *kept)) + "\n"


def install(host: Host, folder: Path, filled: Values) -> list[Path]:
    """Write all scripts of a host; OutputError, and nothing is written, if a file there is not ours."""
    paths = [folder / script.name for script in host.scripts]
    for path in paths:
        if path.exists() and not is_ours(path):
            raise OutputError(f"{path}: is not from dap-stream; move it away or rename it, then try again")
    folder.mkdir(exist_ok=True)
    for path, script in zip(paths, host.scripts, strict=True):
        write_whole(path, script_text(script, filled).encode("utf-8"))
    return paths


def uninstall(host: Host, folder: Path) -> list[Path]:
    """Remove the scripts of a host that are ours; which those were."""
    ours = [path for script in host.scripts if is_ours(path := folder / script.name)]
    for path in ours:
        path.unlink()
    return ours


def is_ours(path: Path) -> bool:
    """Whether the first line says that `install` wrote it."""
    try:
        with path.open("rb") as file:
            return MARK.encode() in file.readline(200)
    except OSError:
        return False
