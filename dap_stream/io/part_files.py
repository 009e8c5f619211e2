"""Hidden files that are being written: their names, and the lock that tells them from leftovers."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from dap_stream.io.file_lock import lock

# The most of a target's name that fits into a hidden one, in bytes.
_NAME_BYTES = 180
# Kinds: a file that is written, an old one that is kept until its set is complete, the plan of a set.
PART, OLD, PLAN = "", ".old", ".set"
_OURS = re.compile(rb"\.(?:.+\.)?dap_[0-9a-f]{16}(|\.old|\.set)\.part", re.DOTALL)


def hidden_path(target: Path, kind: str = PART) -> Path:
    """A new name beside ``target``, which `kind_of` recognises."""
    name = os.fsdecode(os.fsencode(target.name)[:_NAME_BYTES])
    return target.with_name(f".{name}.dap_{secrets.token_hex(8)}{kind}.part")


def kind_of(name: str) -> str | None:
    """`PART`, `OLD` or `PLAN` if it is a name of ours."""
    match = _OURS.fullmatch(os.fsencode(name))
    return None if match is None else match.group(1).decode()


def make_locked(path: Path, is_private: bool) -> int | None:
    """Make an empty file there; it is locked as long as the descriptor that comes back is open.

    ``is_private``: nobody else may read it; otherwise who may is up to the system, as for any new file.
    None where there are no locks. FileExistsError, FileNotFoundError if it was not ours for a moment.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600 if is_private else 0o666)
    if lock(descriptor, waits=True):
        # Whoever tidied up before it was locked took it for a leftover.
        if not is_at(descriptor, path):
            os.close(descriptor)
            raise FileNotFoundError(path)
        return descriptor
    os.close(descriptor)
    return None


def open_leftover(path: Path) -> int | None:
    """An open, locked file if nobody else has it locked and it is ours; None otherwise.

    Root takes those of everybody: its own files belong to others, once they stand for a target.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    status = os.fstat(descriptor)
    is_ours = stat.S_ISREG(status.st_mode) and (
        not hasattr(os, "geteuid") or os.geteuid() in (0, status.st_uid)
    )
    if is_ours and lock(descriptor) and is_at(descriptor, path):
        return descriptor
    os.close(descriptor)
    return None


def is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return os.path.samestat(os.fstat(descriptor), found)
