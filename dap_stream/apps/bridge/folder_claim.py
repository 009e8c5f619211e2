"""One bridge for one watched folder, and a file by which hosts see that it lives."""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dap_stream.apps.bridge.protocol import PROTOCOL
from dap_stream.core.small_file import read_small
from dap_stream.core.version import __version__
from dap_stream.errors import OutputError
from dap_stream.io.file_lock import lock
from dap_stream.io.part_files import is_at
from dap_stream.report.json_text import json_line

BRIDGE_FILE, LOCK_FILE = "bridge.json", "bridge.lock"
HEARTBEAT_S = 2.0
LISTEN_S = 2.5 * HEARTBEAT_S  # without a beat in this time nobody is there
_MOST_BYTES = 2**20


def replace_file(path: Path, values: dict[str, Any]) -> None:
    """JSON that is there as a whole or not at all; for what is soon old, hence not forced onto the disk."""
    part = path.with_name(f".{path.name}.part")  # the folder is ours alone: no two write it at once
    part.write_text(json_line(values) + "\n", encoding="ascii")
    os.replace(part, path)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Have the folder alone; OutputError if another bridge has it."""
    descriptor = _lock(folder)
    try:
        if _beats(folder, is_sure=descriptor is not None):
            raise OutputError(
                f"{folder}: another bridge, perhaps on another machine, watches this folder; "
                "use that, or choose another folder"
            )
        yield
    finally:
        if descriptor is not None:
            with suppress(OSError):
                (folder / LOCK_FILE).unlink()
            os.close(descriptor)


def _lock(folder: Path) -> int | None:
    """The lock as long as it is open; None where there are no locks. OutputError if somebody has it."""
    path = folder / LOCK_FILE
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be written ({error.strerror}); choose another folder"
            ) from error
        is_ours = lock(descriptor)
        if is_ours and is_at(descriptor, path):
            return descriptor
        os.close(descriptor)
        if is_ours is False:
            raise OutputError(
                f"{folder}: another bridge watches this folder already; use that, or choose another folder"
            )
        if is_ours is None:  # no locks here: the heartbeat alone says who is there
            with suppress(OSError):
                path.unlink()
            return None
        # Its owner has just removed it: once more.


def _beats(folder: Path, is_sure: bool) -> bool:
    """Whether a bridge that no lock tells of lives there: the heartbeat of another machine goes on."""
    path = folder / BRIDGE_FILE
    before = _read(path)
    if before is None or (is_sure and before.get("machine") == platform.node()):
        return False
    end = time.monotonic() + LISTEN_S
    while time.monotonic() < end:
        time.sleep(HEARTBEAT_S / 10)
        now = _read(path)
        if now is not None and now.get("heartbeat") != before.get("heartbeat"):
            return True
    return False


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError, RecursionError):
        values = json.loads(read_small(path, _MOST_BYTES))
        return values if isinstance(values, dict) else None
    return None


@contextmanager
def beating(folder: Path, roots: Sequence[str]) -> Iterator[None]:
    """Say in the folder, every `HEARTBEAT_S`, that a bridge for ``roots`` lives; taken away at the end."""
    path, is_over = folder / BRIDGE_FILE, threading.Event()
    about = {"protocol": PROTOCOL, "version": __version__, "pid": os.getpid(), "machine": platform.node()}

    def write() -> None:
        replace_file(path, {**about, "folders": list(roots), "heartbeat": time.time()})

    def beat() -> None:
        while not is_over.wait(HEARTBEAT_S):
            with suppress(OSError):  # a share that is away for a while; who looks for jobs tells of it
                write()

    write()
    thread = threading.Thread(target=beat, name="dap_stream heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        with suppress(OSError):
            path.unlink()
