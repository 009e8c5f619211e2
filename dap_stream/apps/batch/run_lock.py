"""One batch at a time in an output folder; shards work side by side, each one once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dap_stream.apps.batch.journal import FOLDER
from dap_stream.apps.batch.shard import Shard
from dap_stream.errors import OutputError
from dap_stream.io.file_lock import lock
from dap_stream.io.output_paths import make_folder


@contextmanager
def locked(output: Path, shard: Shard) -> Iterator[None]:
    """Within the block nobody else runs this batch; OutputError if somebody does. A kill lets go of it."""
    folder = output / FOLDER
    make_folder(folder)
    with contextlib.ExitStack() as stack:
        if not shard.is_all:
            stack.enter_context(_lock(folder / f"lock{shard.suffix}", output, is_shared=False))
        stack.enter_context(_lock(folder / "lock", output, is_shared=not shard.is_all))
        yield


@contextmanager
def _lock(path: Path, output: Path, is_shared: bool) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); choose another output folder"
        ) from error
    try:
        if lock(descriptor, is_shared=is_shared) is False:  # None, no locks: nobody is kept out
            raise OutputError(
                f"{output}: another batch is at work there; wait for it, or give each a --shard"
            )
        yield
    finally:
        os.close(descriptor)
