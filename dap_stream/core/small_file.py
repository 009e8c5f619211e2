"""Files from anybody that ought to be small: opened without waiting, and never read without a bound."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_NOT_REGULAR = "is no regular file"


def open_regular(path: str | Path) -> BinaryIO:
    """A file to read; OSError for a device, a pipe (which would wait for a writer) or a folder."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENODEV):  # a socket, or a device with nothing behind it
            raise OSError(errno.EINVAL, _NOT_REGULAR, str(path)) from error
        raise
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            kind = "is a folder" if stat.S_ISDIR(mode) else _NOT_REGULAR
            raise OSError(errno.EINVAL, kind, str(path))
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def read_small(path: str | Path, most: int) -> bytes:
    """All of a file of at most ``most`` bytes; OSError if it is larger, or no regular file."""
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"is larger than {most} bytes", str(path))
    return data
