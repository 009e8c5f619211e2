"""Installed scripts of hosts, and a bridge in this process that does their jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridges import NearBridge, near_bridge, wait_for

from dap_stream.apps.bridge.folder_claim import beating
from dap_stream.apps.bridge.hosts.install import install, values
from dap_stream.apps.bridge.hosts.places import HOSTS
from dap_stream.apps.bridge.watched_folder import WatchedFolder

# The dap-stream of the Python that runs the tests.
COMMAND = str(Path(sys.executable).with_name("dap-stream"))


def installed(host: str, folder: Path, jobs: Path, command: str = COMMAND) -> Path:
    """The folder with the scripts of a host, as a user has them."""
    scripts = folder / "scripts"
    jobs.mkdir(exist_ok=True)
    preset = folder / "fast.toml"
    preset.write_text('generator = "classical"\n')
    install(HOSTS[host], scripts, values(command, jobs, [str(folder)], str(preset)))
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


def bridges_of(jobs: Path) -> list[int]:
    """Processes of bridges that watch this folder, which no other has."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            words = (process / "cmdline").read_bytes().split(b"\0")
            if {b"--watch", os.fsencode(jobs)} <= set(words):
                found.append(int(process.name))
    return found


@contextmanager
def no_bridge_left(jobs: Path) -> Iterator[None]:
    """End what was started in the block."""
    try:
        yield
    finally:
        for pid in bridges_of(jobs):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        wait_for(lambda: not bridges_of(jobs))


def run_lua(*words: object, lua: str = "lua5.4") -> str:
    """What it printed; AssertionError with what it said if it failed."""
    command = [lua, *(str(word) for word in words)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout
