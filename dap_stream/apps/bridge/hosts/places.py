"""Where each program keeps its scripts, which there are, and what a user does with them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dap_stream.errors import SettingError


@dataclass(frozen=True)
class Script:
    """A file of a host, put together from files of this folder."""

    name: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Host:
    """A program with scripts.

    Parameters
    ----------
    title
        What its makers call it.
    scripts
        Files that it gets.
    usage
        How to use them, in some lines.
    subfolder
        Of the host's own folder, where scripts are.
    """

    title: str
    scripts: tuple[Script, ...]
    usage: str
    subfolder: str


_REAPER = ("jobs.lua", "reaper/dap_stream_selection.lua", "reaper/dap_stream_waiting.lua")
_CLIENT = Script("dap_stream_client.py", ("../client/dap_stream_client.py",))

HOSTS: dict[str, Host] = {
    "reaper": Host(
        "REAPER",
        (
            Script("dap_stream_clean.lua", (*_REAPER, "reaper/dap_stream_clean.lua")),
            Script("dap_stream_preview.lua", (*_REAPER, "reaper/dap_stream_preview.lua")),
            Script("dap_stream_clean.py", ("jobs.py", "reaper/dap_stream_clean.py")),
        ),
        "In REAPER: Actions > Show action list > New action > Load ReaScript, choose the .lua or .py; then\n"
        "select items and run dap_stream_clean, or select a time and an item and run dap_stream_preview.",
        "Scripts",
    ),
    "audacity": Host(
        "Audacity",
        (Script("dap_stream_audacity.py", ("audacity/dap_stream_audacity.py",)), _CLIENT),
        "In Audacity: Preferences > Modules > mod-script-pipe: Enabled, and start it again; then select\n"
        "sound and run: python {folder}/dap_stream_audacity.py",
        "dap_stream",
    ),
    "ardour": Host(
        "Ardour",
        (Script("dap_stream_clean.lua", ("jobs.lua", "ardour/dap_stream_clean.lua")),),
        "In Ardour: Edit > Lua Scripts > Script Manager, give 'dap_stream: clean regions' a slot;\n"
        "then select regions and run it. Live: an Insert on the track, and dap-stream live --jack dap.",
        "scripts",
    ),
}


def host_of(name: str) -> Host:
    """The host of this name; SettingError if there is none."""
    if name not in HOSTS:
        raise SettingError(f"no scripts for {name!r}; there are some for {', '.join(HOSTS)}, obs")
    return HOSTS[name]


def host_folder(name: str, environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """The folder that the program itself makes for a user.

    Parameters
    ----------
    name
        Of the host.
    environment
        Has HOME, and on Windows APPDATA.
    system
        As `sys.platform`.
    """
    home = Path(environment.get("HOME") or Path.home())
    if system == "win32":
        roaming, local = (
            Path(environment.get(variable) or home / "AppData" / default)
            for variable, default in (("APPDATA", "Roaming"), ("LOCALAPPDATA", "Local"))
        )
        folders = {
            "reaper": roaming / "REAPER",
            "audacity": roaming / "audacity",
            "ardour": local / "ardour7",
        }
    elif system == "darwin":
        support, preferences = home / "Library/Application Support", home / "Library/Preferences"
        folders = {
            "reaper": support / "REAPER",
            "audacity": support / "audacity",
            "ardour": preferences / "Ardour7",
        }
    else:
        config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
        folders = {"reaper": config / "REAPER", "audacity": config / "audacity", "ardour": config / "ardour7"}
    return folders[name]


def job_folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Where scripts put jobs for the bridge that they start."""
    home = Path(environment.get("HOME") or Path.home())
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData/Local") / "dap_stream" / "jobs"
    if system == "darwin":
        return home / "Library/Caches/dap_stream/jobs"
    return Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "dap_stream" / "jobs"
