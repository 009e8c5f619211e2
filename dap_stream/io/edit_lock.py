"""A recording that is replaced in place: by one at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from dap_stream.core.small_file import open_regular
from dap_stream.errors import InputError, OutputError


@contextlib.contextmanager
def edited_alone(path: str) -> Iterator[None]:
    """Within the block nobody else who asks edits the file ``path``; OutputError if somebody does already.

    The lock is on the file itself: it leaves nothing behind, and ends with whoever holds it, killed or not.
    """
    try:
        import fcntl
    except ImportError:  # not a Unix system
        yield
        return
    try:
        file = open_regular(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror}); check the path") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{path}: is being edited already; wait for that to end") from None
        except OSError:  # a file system without locks
            yield
            return
        # Who was there before may just have put another file in the place of the one that is locked here.
        if not os.path.exists(path) or not os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
            raise OutputError(f"{path}: was replaced just now; start again")
        yield
