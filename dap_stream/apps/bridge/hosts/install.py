"""Put scripts into the folder of a host, and take away exactly those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dap_stream.apps.bridge.hosts.places import Host, Script
from dap_stream.core.version import __version__
from dap_stream.errors import OutputError
from dap_stream.io.file_set import write_whole

HERE = Path(__file__).parent
MARK = "written by dap-stream bridge install"


def lua_string(text: str) -> str:
    """A string as Lua reads it."""
    escaped = "".join(c if c.isprintable() and c not in '"\\' else _escaped(c) for c in text)
    return f'"{escaped}"'


def _escaped(c: str) -> str:
    return f"\\{c}" if c in '"\\' else f"\\u{{{ord(c):x}}}"


def values(command: str, jobs: Path, folders: Sequence[str], preset: str | None = None) -> dict[str, str]:
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
        "@COMMAND@": lua_string(command),
        "@JOBS@": lua_string(str(jobs)),
        "@PRESET@": "nil" if preset is None else lua_string(preset),
        "@FOLDERS@": "{ " + ", ".join(lua_string(each) for each in folders) + " }",
    }


def script_text(script: Script, filled: Mapping[str, str]) -> str:
    """A script as it is installed, its first line the mark."""
    comment = "#" if script.name.endswith(".py") else "--"
    parts = [(HERE / part).read_text(encoding="utf-8") for part in script.parts]
    text = "\n".join(parts)
    if comment == "--":
        for name, value in filled.items():
            text = text.replace(name, value)
    return f"{comment} {MARK}, version {__version__}\n{text}"


def install(host: Host, folder: Path, filled: Mapping[str, str]) -> list[Path]:
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
