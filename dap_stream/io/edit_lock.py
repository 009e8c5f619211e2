"""A recording that is replaced in place: by one at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from dap_stream.core.small_file import open_regular
from dap_stream.errors import InputError, OutputError
from dap_stream.io.file_lock import lock


@contextlib.contextmanager
def edited_alone(path: str) -> Iterator[None]:
    """Within the block nobody else who asks edits the file ``path``; OutputError if somebody does already.

    The lock is on the file itself: it leaves nothing behind, and ends with whoever holds it, killed or not.
    """
    try:
        file = open_regular(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened ({error.strerror}); check the path") from error
    with file:
        is_ours = lock(file.fileno())
        if is_ours is False:
            raise OutputError(f"{path}: is being edited already; wait for that to end")
        if is_ours is None:  # no locks here; an open file may not even be replaced
            file.close()
            yield
            return
        # Who was there before may just have put another file in the place of the one that is locked here.
        if not os.path.exists(path) or not os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
            raise OutputError(f"{path}: was replaced just now; start again")
        yield
