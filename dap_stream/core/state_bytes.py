"""State of an object as bytes, for hosts that keep it: plain values and arrays, nothing that runs.

A line that says what it is, a checksum, a header in JSON, and blobs one after the other.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from dap_stream.core.settings import Settings
from dap_stream.errors import ProfileError

_Kind = TypeVar("_Kind", bound=Settings)

NAME, VERSION = b"dap_stream state ", b"1"
MAX_BYTES = 64 * 2**20  # a generator has less than one thousandth of it
_MAGIC = NAME + VERSION + b"\n"
_N_SUM = _N_SIZE = 4  # bytes of the checksum, and of the length of the header


def pack(kind: str, facts: Mapping[str, object], blobs: Sequence[bytes] = ()) -> bytes:
    """Bytes of a ``kind`` of object; ``facts`` are values that JSON has."""
    sizes = [len(blob) for blob in blobs]
    header = json.dumps({"kind": kind, "facts": facts, "sizes": sizes}, allow_nan=False).encode()
    body = b"".join((len(header).to_bytes(_N_SIZE, "little"), header, *blobs))
    if len(body) > MAX_BYTES:
        raise ProfileError(f"the state of a {kind} has at most {MAX_BYTES // 2**20} MB; learn fewer weights")
    return b"".join((_MAGIC, zlib.crc32(body).to_bytes(_N_SUM, "little"), body))


def unpack(state: bytes, kind: str) -> tuple[dict[str, Any], list[bytes]]:
    """Facts and blobs of what `pack` made; ProfileError for anything else, from whomever it comes."""
    if not isinstance(state, bytes | bytearray | memoryview):
        raise ProfileError(f"a state is bytes, not {type(state).__name__}; take what state() gave")
    data = bytes(state)
    if data.startswith(NAME) and not data.startswith(_MAGIC):
        raise ProfileError("the state is of another version of dap_stream; save it anew with this one")
    start = len(_MAGIC) + _N_SUM
    body = data[start:]
    is_whole = (
        len(body) <= MAX_BYTES and zlib.crc32(body).to_bytes(_N_SUM, "little") == data[len(_MAGIC) : start]
    )
    if not data.startswith(_MAGIC) or not is_whole:
        raise ProfileError("this is no state of dap_stream, or it is damaged; take what state() gave")
    try:
        found, facts, blobs = _parts(body)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ProfileError("the state says what no state says; take what state() gave") from None
    if found != kind:
        raise ProfileError(f"the state is of a {found}, not of a {kind}; give each its own")
    return facts, blobs


def _parts(body: bytes) -> tuple[str, dict[str, Any], list[bytes]]:
    """Kind, facts and blobs; ValueError, TypeError or KeyError if they are not all there and nothing else."""
    start = _N_SIZE + int.from_bytes(body[:_N_SIZE], "little")
    header = json.loads(body[_N_SIZE:start])
    kind, facts, sizes = header["kind"], header["facts"], header["sizes"]
    is_told = isinstance(kind, str) and isinstance(facts, dict) and isinstance(sizes, list)
    if not is_told or any(type(size) is not int or size < 0 for size in sizes):
        raise ValueError("another header")
    if start + sum(sizes) != len(body):
        raise ValueError("another length")
    blobs = []
    for size in sizes:
        blobs.append(body[start : start + size])
        start += size
    return kind, facts, blobs


def settings_from(kind: type[_Kind], values: object) -> _Kind:
    """Settings from a state; those that are not told are as by default.

    ProfileError for one that this version does not know, SettingError for a value that cannot be.
    """
    known = {item.name for item in fields(kind)}
    if not isinstance(values, dict) or not set(values) <= known:
        raise ProfileError("the state has settings that this version does not know; save a new one")
    return kind(**values)
