"""Jobs as files in a folder, for hosts that can only write and read files, on this machine or over a share.

A host writes ``NAME.job.json``; the bridge takes it by renaming it to ``NAME.running.json``, tells how far
it is in ``NAME.progress.json``, and at the end ``NAME.result.json`` is there as a whole. ``NAME.cancel``
cancels.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.dispatcher import Dispatcher
from dap_stream.apps.bridge.folder_claim import replace_file
from dap_stream.apps.bridge.protocol import (
    MAX_ID_CHARACTERS,
    MAX_LINE_BYTES,
    MAX_WAITING,
    PROTOCOL,
    BridgeError,
    Message,
    decode,
    failure,
    request_error,
)
from dap_stream.core.small_file import read_small
from dap_stream.errors import DapStreamError
from dap_stream.io.file_set import write_whole
from dap_stream.report.json_text import json_line

JOB, RUNNING, PROGRESS, RESULT, CANCEL = (
    ".job.json",
    ".running.json",
    ".progress.json",
    ".result.json",
    ".cancel",
)
PATIENCE_S = 10.0  # for a job file that is not complete and does not grow
TRIES, TRY_AGAIN_S = 20, 1.0  # to write a result: a share may be away for a moment
_FIELDS = ("protocol", "method", "params")


@dataclass
class _Unfinished:
    """A job file that was no JSON so far, and since when it has looked like this."""

    look: tuple[int, int]
    since: float


class WatchedFolder:
    """Looks for jobs, and writes what the dispatcher answers to them.

    Parameters
    ----------
    folder
        To be looked at; nobody else does.
    dispatcher
        Takes the jobs.
    say
        Takes a line for whoever looks after the bridge.
    patience_s
        How long to wait for the rest of a job file.
    """

    def __init__(
        self,
        folder: Path,
        dispatcher: Dispatcher,
        say: Callable[[str], None],
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._folder, self._dispatcher, self._say = folder, dispatcher, say
        self._patience_s = patience_s
        self._client = Client(self._answered)
        self._taken: set[str] = set()  # names of jobs that wait or run
        self._unfinished: dict[str, _Unfinished] = {}
        self._is_away = False

    def take_up_again(self) -> None:
        """Begin anew what a bridge that was killed has left behind."""
        for name in self._names(RUNNING):
            if self._path(name, RESULT).exists():  # it was killed after that
                self._tidy_up(name)
            else:
                self._say(f"{name}: taken up again")
                self._begin(name)

    def look(self) -> None:
        """Take new jobs, and cancel those that are not wanted any more. What a share refuses waits."""
        try:
            jobs = self._names(JOB)
            for name in self._names(CANCEL):
                self._cancel(name, jobs)
            for name in jobs:
                if name not in self._taken and len(self._taken) < MAX_WAITING:
                    self._take(name)
            self._is_away = False
        except OSError as error:
            if not self._is_away:
                self._say(f"warning: {self._folder}: {error.strerror or error}; looking on")
            self._is_away = True

    def _path(self, name: str, ending: str) -> Path:
        return self._folder / f"{name}{ending}"

    def _names(self, ending: str) -> list[str]:
        """Jobs that have a file of this ending, the oldest first."""
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.endswith(ending) and not entry.name.startswith("."):
                    with suppress(FileNotFoundError):
                        if entry.is_file(follow_symlinks=False):
                            at = entry.stat(follow_symlinks=False).st_mtime_ns
                            found.append((at, entry.name[: -len(ending)]))
        return [name for _, name in sorted(found) if name]

    def _cancel(self, name: str, jobs: list[str]) -> None:
        if name in self._taken:
            with suppress(BridgeError):  # done in this moment
                self._dispatcher.jobs.cancel(self._client, name)
        elif name in jobs:
            self._path(name, JOB).unlink()
            self._answered(failure(name, BridgeError("cancelled", "cancelled before it began")))
        self._path(name, CANCEL).unlink(missing_ok=True)

    def _take(self, name: str) -> None:
        """Claim a job whose file is complete; answer one that does not get so."""
        path = self._path(name, JOB)
        if not self._is_complete(name, path):
            return
        self._path(name, RESULT).unlink(missing_ok=True)  # of an earlier job of this name
        os.rename(path, self._path(name, RUNNING))
        self._begin(name)

    def _is_complete(self, name: str, path: Path) -> bool:
        """Whether it is JSON, which half a job never is, or has been something else for too long."""
        try:
            status = path.stat()
            decode(read_small(path, MAX_LINE_BYTES))
        except FileNotFoundError:
            return False  # the host has thought better of it
        except (BridgeError, OSError):
            look = (status.st_size, status.st_mtime_ns)
            known = self._unfinished.get(name)
            if known is None or known.look != look:
                self._unfinished[name] = _Unfinished(look, time.monotonic())
                return False
            if time.monotonic() - known.since < self._patience_s:
                return False
        self._unfinished.pop(name, None)
        return True

    def _begin(self, name: str) -> None:
        """Hand it to the dispatcher, as a request whose id is the name."""
        self._taken.add(name)
        try:
            request = self._read(name)
        except DapStreamError as error:
            self._client.send(failure(name, error))
            return
        self._dispatcher.take(self._client, {"jsonrpc": "2.0", "id": name, **request})

    def _read(self, name: str) -> Message:
        if len(name) > MAX_ID_CHARACTERS:
            raise request_error(f"the name of a job has at most {MAX_ID_CHARACTERS} characters")
        try:
            content = decode(read_small(self._path(name, RUNNING), MAX_LINE_BYTES))
        except OSError as error:
            raise BridgeError("limit", f"{name}{JOB}: {error.strerror}; send paths, not samples") from error
        except BridgeError as error:
            raise BridgeError("protocol", f"{name}{JOB}: {error}", error.code) from error
        if not isinstance(content, dict):
            raise request_error(f"{name}{JOB} must be an object with {', '.join(_FIELDS)}")
        for field in content:
            if field not in _FIELDS:
                raise request_error(f"{name}{JOB}: unknown field {field!r}; known: {', '.join(_FIELDS)}")
        spoken = content.pop("protocol", None)
        if spoken != PROTOCOL:
            raise request_error(f"{name}{JOB}: protocol={spoken!r} is not spoken here, it must be {PROTOCOL}")
        return content

    def _answered(self, message: Message) -> None:
        """Progress or the end of a job: into its file."""
        if "method" not in message:
            self._finish(str(message["id"]), message)
        elif message["method"] == "progress":
            params = dict(message["params"])
            name = params.pop("id")
            with suppress(OSError):  # the next one may succeed
                replace_file(self._path(name, PROGRESS), params)

    def _finish(self, name: str, message: Message) -> None:
        content: dict[str, object] = {key: message[key] for key in ("result", "error") if key in message}
        data = (json_line(content) + "\n").encode("ascii")
        for tries_left in reversed(range(TRIES)):
            try:
                write_whole(self._path(name, RESULT), data)
                break
            except (DapStreamError, OSError) as error:
                if not tries_left:
                    self._say(f"error: {error}")
                    break
                time.sleep(TRY_AGAIN_S)
        self._tidy_up(name)
        self._taken.discard(name)

    def _tidy_up(self, name: str) -> None:
        for ending in (PROGRESS, RUNNING, CANCEL):
            with suppress(OSError):
                self._path(name, ending).unlink(missing_ok=True)
