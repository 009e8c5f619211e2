"""Files that live as long as the bridge: previews."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import deque
from pathlib import Path

PREFIX = "dap_stream_preview_"
MOST_FILES = 20  # then the oldest goes


class Scratch:
    """A folder that is made when first needed; `remove` takes it away with all that is in it.

    Parameters
    ----------
    parent
        Where it is made; where the system wants such folders if None.
    """

    def __init__(self, parent: str | None = None) -> None:
        self._parent = parent
        self._folder: Path | None = None
        self._files: deque[Path] = deque()
        self._count = 0
        self._lock = threading.Lock()

    def new_path(self, name: str) -> str:
        """A path in it that nobody has had, ending with ``name``."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._parent))
            self._count += 1
            self._files.append(self._folder / f"{self._count}_{name}")
            if len(self._files) > MOST_FILES:
                self._files.popleft().unlink(missing_ok=True)
            return str(self._files[-1])

    def remove(self) -> None:
        """It, and all files in it."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None


def remove_scratch_of_killed(parent: str) -> None:
    """Folders of bridges that were killed, in a folder that is ours alone."""
    for folder in Path(parent).glob(f"{PREFIX}*"):
        shutil.rmtree(folder, ignore_errors=True)
