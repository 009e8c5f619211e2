"""The token of a bridge on TCP, in a file that only its user can read."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dap_stream.core.small_file import read_small
from dap_stream.errors import OutputError

_TOKEN_BYTES = 32
_TOKEN = re.compile(rb"[\w-]{43}\n", re.ASCII)


@contextmanager
def token_file(path: str) -> Iterator[str]:
    """A new token, in the file as long as the block lasts; OutputError if something else is there."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    _remove_old(path)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise OutputError(
            f"{path}: the token cannot be written ({error.strerror}); choose another file"
        ) from error
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{token}\n")
        yield token
    finally:
        with suppress(OSError):
            os.unlink(path)


def _remove_old(path: str) -> None:
    """That of a bridge that was killed."""
    if not os.path.lexists(path):
        return
    with suppress(OSError):
        if not os.path.islink(path) and _TOKEN.fullmatch(read_small(path, _TOKEN_BYTES * 2)):
            os.unlink(path)
            return
    raise OutputError(f"{path}: exists and is no token; choose another file")
