"""One place where requests are understood, whichever way they come in."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeAlias

from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.folders import Folders
from dap_stream.apps.bridge.jobs import Jobs
from dap_stream.apps.bridge.protocol import (
    MAX_CLIENTS,
    MAX_ID,
    MAX_ID_CHARACTERS,
    MAX_LINE_BYTES,
    MAX_PATH_BYTES,
    MAX_WAITING,
    PROTOCOL,
    BridgeError,
    JobId,
    answer,
    decode,
    failure,
    request_error,
)
from dap_stream.apps.bridge.schema import check_params, methods
from dap_stream.apps.bridge.scratch import Scratch
from dap_stream.apps.bridge.work import cleaning, learning, previewing
from dap_stream.core.presets import preset_names
from dap_stream.core.settings import limits, nearest
from dap_stream.core.version import __version__
from dap_stream.processors.registry import PROCESSORS, REPAIRS

_FIELDS = ("jsonrpc", "id", "method", "params")
_OK = {"ok": True}

Params: TypeAlias = dict[str, Any]


class Dispatcher:
    """Takes requests of any client, answers the short ones at once, and hands the others to `Jobs`.

    Parameters
    ----------
    folders
        All that requests may name.
    jobs
        Does the work.
    scratch
        Where previews go.
    """

    def __init__(self, folders: Folders, jobs: Jobs, scratch: Scratch) -> None:
        self.folders, self.jobs, self._scratch = folders, jobs, scratch
        self.ended = threading.Event()  # somebody has said that it is enough
        self._short: dict[str, Callable[[Client, Params], dict[str, object]]] = {
            "hello": self._hello,
            "ping": lambda client, params: dict(_OK),
            "cancel": self._cancel,
            "shutdown": self._shutdown,
        }
        self._long = {
            "clean": lambda params: cleaning(params, self.folders),
            "preview": lambda params: previewing(params, self.folders, self._scratch),
            "learn": lambda params: learning(params, self.folders),
        }

    def take_line(self, client: Client, line: bytes | None) -> None:
        """A line that came in; None: one that was too long to be kept."""
        try:
            if line is None:
                raise BridgeError(
                    "limit", f"a line has more than {MAX_LINE_BYTES} bytes; send paths, not samples"
                )
            message = decode(line)
        except BridgeError as error:
            client.send(failure(None, error))
            return
        self.take(client, message)

    def take(self, client: Client, message: object) -> None:
        """A message, of whatever kind. Whatever is wrong with it is answered."""
        job_id: JobId | None = None
        is_silent = False
        try:
            if not isinstance(message, dict):
                raise request_error("a message must be an object; send one a line, and no lists of them")
            is_silent = "id" not in message
            job_id = None if is_silent else _job_id(message["id"])
            method, params = _call(message)
            result = self._result(client, job_id, method, params)
        except Exception as error:  # noqa: BLE001  perhaps a bug, but the client shall hear of it and go on
            known = self.jobs.explained(error)
            # An id that another job has: its answer must not be taken for the answer of that one.
            is_taken = job_id is not None and self.jobs.has(client, job_id)
            client.send(failure(None if is_taken else job_id, known))
            return
        if result is not None and not is_silent:
            client.send(answer(job_id, result))
        if method == "shutdown":
            self.ended.set()  # now that it is answered

    def _result(
        self, client: Client, job_id: JobId | None, method: object, params: object
    ) -> dict[str, object] | None:
        """The result, or None for a job, which answers when it is done."""
        if not client.is_trusted and method != "hello":
            raise BridgeError("token", "say hello with the token of the bridge first")
        checked = check_params(method if isinstance(method, str) else str(method), params)
        assert isinstance(method, str)
        if method in self._short:
            return self._short[method](client, checked)
        if job_id is None:
            raise request_error(f"{method} needs an id, for its answer")
        self.jobs.submit(client, job_id, self._long[method](checked))
        return None

    def _hello(self, client: Client, params: Params) -> dict[str, object]:
        if params["protocol"] != PROTOCOL:
            raise request_error(
                f"protocol {params['protocol']} is not spoken here: dap_stream {__version__} speaks "
                f"{PROTOCOL}; use the client that belongs to it"
            )
        if client.token is not None and not hmac.compare_digest(
            params.get("token", "").encode("utf-8", "replace"), client.token.encode()
        ):
            raise BridgeError("token", "the token is wrong or missing; read it from the token file")
        client.is_trusted = True
        return {
            "protocol": PROTOCOL,
            "version": __version__,
            "methods": methods(),
            "processors": list(PROCESSORS),
            "repairs": list(REPAIRS),
            "presets": list(preset_names()),
            "settings": _all_settings(),
            "folders": self.folders.roots,
            "limits": {
                "line_bytes": MAX_LINE_BYTES,
                "path_bytes": MAX_PATH_BYTES,
                "waiting_jobs": MAX_WAITING,
                "parallel_jobs": self.jobs.n_parallel,
                "clients": MAX_CLIENTS,
            },
        }

    def _cancel(self, client: Client, params: Params) -> dict[str, object]:
        self.jobs.cancel(client, params["id"])
        return dict(_OK)

    def _shutdown(self, client: Client, params: Params) -> dict[str, object]:
        return dict(_OK)


def _job_id(value: object) -> JobId:
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID
    is_text = isinstance(value, str) and 1 <= len(value) <= MAX_ID_CHARACTERS
    if not (is_number or is_text):
        raise request_error(f"id must be a whole number or a text of 1..{MAX_ID_CHARACTERS} characters")
    assert isinstance(value, int | str)
    return value


def _call(message: Params) -> tuple[object, object]:
    """Method and parameters of a request."""
    for name in message:
        if name not in _FIELDS:
            raise request_error(
                f"unknown field {name[:100]!r} in a request{nearest(name, _FIELDS)}; "
                f"known: {', '.join(_FIELDS)}"
            )
    if message.get("jsonrpc") != "2.0":
        raise request_error('a request must have "jsonrpc": "2.0"')
    if "method" not in message:
        raise request_error(f"a request must have a method; known: {', '.join(methods())}")
    return message["method"], message.get("params", {})


def _all_settings() -> dict[str, object]:
    """Settings of all processors, for hosts that show them."""
    return {
        name: {
            item.name: {
                "default": item.default,
                "allowed": limits(item),
                "unit": item.metadata["unit"],
                "text": item.metadata["text"],
            }
            for item in fields(entry.settings)
        }
        for name, entry in PROCESSORS.items()
    }
