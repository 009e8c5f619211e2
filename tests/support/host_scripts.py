"""Installed scripts of hosts, and a bridge in this process that does their jobs."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridges import NearBridge, near_bridge

from dap_stream.apps.bridge.folder_claim import beating
from dap_stream.apps.bridge.hosts.install import install, values
from dap_stream.apps.bridge.hosts.places import HOSTS
from dap_stream.apps.bridge.watched_folder import WatchedFolder


def installed(host: str, folder: Path, jobs: Path) -> Path:
    """The folder with the scripts of a host, as a user has them."""
    scripts = folder / "scripts"
    jobs.mkdir(exist_ok=True)
    preset = folder / "fast.toml"
    preset.write_text('generator = "classical"\n')
    install(HOSTS[host], scripts, values("dap-stream", jobs, [str(folder)], str(preset)))
    return scripts


@contextmanager
def watched_bridge(folder: Path, jobs: Path) -> Iterator[NearBridge]:
    """Jobs of the folder ``jobs`` are done, with files that are in ``folder``."""
    jobs.mkdir(exist_ok=True)
    is_over = threading.Event()
    with near_bridge(folder) as near, beating(jobs, [str(folder)]):
        watched = WatchedFolder(jobs, near.dispatcher, near.logged.append)

        def look() -> None:
            while not is_over.wait(0.02):
                watched.look()

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield near
        finally:
            is_over.set()
            thread.join()


def run_lua(*words: object, lua: str = "lua5.4") -> str:
    """What it printed; AssertionError with what it said if it failed."""
    command = [lua, *(str(word) for word in words)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout
