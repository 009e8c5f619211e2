"""Messages of the bridge: JSON-RPC 2.0, one a line, with errors that have a kind and a line for a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

from dap_stream.errors import (
    DapStreamError,
    DeviceError,
    InputError,
    OutputError,
    ProfileError,
    SettingError,
    one_line,
)
from dap_stream.report.json_text import json_line

PROTOCOL = 1
MAX_LINE_BYTES = 2**20
MAX_PATH_BYTES = 4096
MAX_WAITING = 100  # jobs
MAX_CLIENTS = 32
MAX_ID_CHARACTERS, MAX_ID = 200, 2**53 - 1

Message: TypeAlias = dict[str, Any]
JobId: TypeAlias = int | str

# Kind of an error to its number in JSON-RPC; those of "protocol" say more, and stand where they are raised.
CODES = {
    "protocol": -32600,
    "internal": -32603,
    "input": -32001,
    "output": -32002,
    "setting": -32003,
    "profile": -32004,
    "device": -32005,
    "cancelled": -32006,
    "busy": -32007,
    "limit": -32008,
    "path": -32009,
    "token": -32010,
}
NO_JSON, NO_METHOD, BAD_PARAMS = -32700, -32601, -32602

_KINDS = (
    (SettingError, "setting"),
    (InputError, "input"),
    (OutputError, "output"),
    (ProfileError, "profile"),
    (DeviceError, "device"),
)
# The library names parameters of Python; whoever talks to the bridge has fields.
_FIELDS = (
    ("say in_place=True to replace it, or choose another name", "choose another name"),
    ("say force=True", 'say "force": true'),
)


class BridgeError(DapStreamError):
    """An error of the protocol's own; ``kind`` is one of `CODES`."""

    def __init__(self, kind: str, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.kind, self.code = kind, CODES[kind] if code is None else code


def cancelled() -> BridgeError:
    """The answer of a job that was cancelled."""
    return BridgeError("cancelled", "cancelled; nothing half-written is left")


def request_error(text: str) -> BridgeError:
    """For what is no request."""
    return BridgeError("protocol", text)


def decode(line: bytes) -> object:
    """A message from its line; BridgeError if it is no JSON."""
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise BridgeError("protocol", "a line is no UTF-8; send JSON in UTF-8", NO_JSON) from None
    except RecursionError:
        raise BridgeError("protocol", "a line is nested too deeply", NO_JSON) from None
    except ValueError as error:
        raise BridgeError(
            "protocol", f"a line is no JSON ({error}); send one message a line", NO_JSON
        ) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


def encode(message: Mapping[str, object]) -> bytes:
    """A message as its line."""
    return json_line(message).encode("ascii") + b"\n"


def answer(job_id: JobId | None, result: Mapping[str, object]) -> Message:
    """All went well."""
    return {"jsonrpc": "2.0", "id": job_id, "result": dict(result)}


def failure(job_id: JobId | None, error: DapStreamError) -> Message:
    """Something did not."""
    kind = error.kind if isinstance(error, BridgeError) else _kind(error)
    code = error.code if isinstance(error, BridgeError) else CODES[kind]
    text = str(error)
    for parameter, field in _FIELDS:
        text = text.replace(parameter, field)
    return {
        "jsonrpc": "2.0",
        "id": job_id,
        "error": {"code": code, "message": text, "data": {"kind": kind}},
    }


def _kind(error: DapStreamError) -> str:
    return next((kind for each, kind in _KINDS if isinstance(error, each)), "internal")


def event(method: str, job_id: JobId, **params: object) -> Message:
    """Something on the way: ``progress``, ``note`` or ``warning``."""
    return {"jsonrpc": "2.0", "method": method, "params": {"id": job_id, **params}}


def as_bridge_error(error: Exception) -> tuple[DapStreamError, bool]:
    """Any error of a job as one with a line for a person, and whether it is a bug, whose details matter."""
    if isinstance(error, DapStreamError):
        return error, False
    if isinstance(error, MemoryError):
        text = "out of memory; close other programs or clean it in parts"
        return BridgeError("limit", text), False
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return OutputError(f"{one_line(str(error.filename))}: {error.strerror}"), False
    return BridgeError("internal", f"{type(error).__name__}: {error}; please report this"), True
