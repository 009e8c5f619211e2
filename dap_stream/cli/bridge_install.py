"""``dap-stream bridge install``: scripts for REAPER, Audacity and Ardour; for OBS what to choose there."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from dap_stream.errors import OutputError, SettingError

_OBS = """\
OBS needs no script: it takes the clean microphone like any other.
  dap-stream microphone up      makes it
  in OBS: Sources > + > Audio Input Capture > choose it as the device
"""


def add_install_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the sub-word."""
    parser.description = "Give an editor the scripts that clean with dap-stream."
    parser.set_defaults(run=run_install)
    parser.add_argument("host", metavar="HOST", help="reaper, audacity, ardour or obs")
    parser.add_argument("--uninstall", action="store_true", help="remove exactly what was installed")
    parser.add_argument(
        "--print", action="store_true", dest="tells_only", help="only say what would go where"
    )
    parser.add_argument("--into", metavar="DIR", help="put the scripts here, not in the host's own folder")
    parser.add_argument(
        "--folder",
        metavar="DIR",
        action="append",
        dest="recordings",
        default=[],
        help="where recordings are that scripts may have cleaned; several times for several (default: home)",
    )
    parser.add_argument("--preset", metavar="NAME", help="settings that REAPER and Ardour have it clean with")


def run_install(args: argparse.Namespace) -> int:
    """Write, remove or only name the scripts."""
    if args.host == "obs":
        print(_OBS, end="")
        return 0

    from dap_stream.apps.bridge.hosts.install import install, uninstall, values
    from dap_stream.apps.bridge.hosts.places import host_folder, host_of, job_folder

    host = host_of(args.host)
    own = host_folder(args.host)
    folder = own / host.subfolder if args.into is None else Path(args.into).absolute()
    for each in args.recordings:
        if not os.path.isdir(each):
            raise SettingError(f"--folder {each}: is no folder; name one that is there")
    usage = host.usage.format(folder=folder)
    if args.tells_only:
        for script in host.scripts:
            print(folder / script.name)
        print(usage)
        return 0
    if args.uninstall:
        removed = uninstall(host, folder)
        print("\n".join(f"removed {path}" for path in removed) or f"nothing of dap-stream is in {folder}")
        return 0
    if not (own if args.into is None else folder).is_dir():
        raise OutputError(
            f"{folder}: {host.title} has no folder there; start {host.title} once, or say where with --into"
        )
    jobs = job_folder()
    jobs.mkdir(parents=True, exist_ok=True, mode=0o700)
    recordings = [os.path.abspath(each) for each in args.recordings] or [str(Path.home())]
    filled = values(_command(), jobs, recordings, _checked_preset(args.preset))
    for path in install(host, folder, filled):
        print(f"wrote {path}")
    print(usage)
    return 0


def _checked_preset(name: str | None) -> str | None:
    """A name as it is, a file with its whole path; SettingError if it is none."""
    if name is None:
        return None
    from dap_stream.core.presets import preset_names
    from dap_stream.processors.chain_settings import make_chain_settings

    make_chain_settings(name)
    return name if name in preset_names() else os.path.abspath(name)


def _command() -> str:
    """The dap-stream that runs now, which need not be on the path that the host sees."""
    beside = Path(sys.executable).with_name("dap-stream.exe" if os.name == "nt" else "dap-stream")
    return str(beside) if beside.exists() else shutil.which("dap-stream") or "dap-stream"
