"""One clean microphone for each user: who runs it, in a file that is locked as long as it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dap_stream.errors import DeviceError, OutputError, SettingError
from dap_stream.io.file_lock import lock

_PATIENCE_S = 20.0  # until it has ended by itself
_LOOK_S = 0.05


@dataclass(frozen=True)
class Running:
    """A microphone that is up."""

    pid: int
    source: str  # the real one


def folder() -> Path:
    """Where a user's programs keep what lasts until the next log-in; OutputError if it is somebody else's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = Path(runtime, "dap_stream") if runtime else Path(tempfile.gettempdir(), f"dap_stream-{os.getuid()}")
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = own.stat().st_uid == os.getuid() and not own.is_symlink()
    except OSError as error:
        raise OutputError(f"{own}: {error.strerror}; set XDG_RUNTIME_DIR to a folder of yours") from error
    if not is_ours:
        raise OutputError(f"{own}: belongs to somebody else; set XDG_RUNTIME_DIR to a folder of yours")
    return own


def log_path() -> Path:
    """Texts of the one in the background."""
    return folder() / "microphone.log"


@contextlib.contextmanager
def taken(source: str) -> Iterator[None]:
    """Within the block this process is the one; SettingError if there is another."""
    descriptor = os.open(folder() / "microphone.json", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if lock(descriptor) is False:
            raise is_up_already()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(Running(os.getpid(), source))).encode(), 0)
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def is_up_already() -> SettingError:
    """Error for whoever wants a second one."""
    return SettingError("the clean microphone is up already; end it with: dap-stream microphone down")


def running() -> Running | None:
    """The one that is up, if there is one."""
    try:
        descriptor = os.open(folder() / "microphone.json", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if lock(descriptor) is not False:
            return None  # nobody holds it
        try:
            return Running(**json.loads(os.pread(descriptor, 10_000, 0)))
        except (ValueError, TypeError):  # just begun, or just written by nobody
            return Running(0, "")
    finally:
        os.close(descriptor)


def end(now: Running) -> None:
    """Have it end, by force if it does not by itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if now.pid > 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(now.pid, number)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            if running() is None:
                return
            time.sleep(_LOOK_S)
    raise DeviceError(f"process {now.pid} of the clean microphone does not end")
