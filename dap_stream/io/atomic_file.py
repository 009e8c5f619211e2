"""A file that appears under its name only when it is complete."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from dap_stream.errors import OutputError

# More than any encoder holds back, so that trying to write it meets the full disk that the encoder met.
_PROBE_BYTES = 4 * 2**20
_START_BYTES = 200


def _start(name: str) -> str:
    """As much of a name as leaves room for an ending: file systems count bytes, and have 255."""
    while len(os.fsencode(name)) > _START_BYTES:
        name = name[:-1]
    return name


class HiddenFile:
    """A hidden file beside ``target``, to be written by others, then moved there or removed.

    ``name`` is the target as the user gave it, for messages. ``path`` is the hidden file,
    None before `create` and after `replace_target` or `remove`.
    """

    def __init__(self, target: str | Path) -> None:
        self.name = str(target)
        # A link stays a link: what it points to is replaced.
        self._target = Path(os.path.realpath(target))
        self.path: Path | None = None

    def create(self) -> Path:
        """Make the hidden file, empty; OutputError if the folder does not let us."""
        folder = self._target.parent
        if not folder.is_dir():
            raise OutputError(f"{self.name}: there is no folder {folder}; make it first")
        if self._target.is_dir():
            raise OutputError(f"{self.name}: is a folder; name a file in it")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{self.name}: the folder {folder} is read-only; choose another one")
        # Known before it exists, so that an interrupt in between leaves nothing behind.
        self.path = self._target.with_name(f".{_start(self._target.name)}.{secrets.token_hex(4)}.part")
        try:
            self.path.touch(exist_ok=False)
        except OSError as error:
            reason = error.strerror
            raise OutputError(f"{self.name}: cannot be written ({reason}); choose another folder") from error
        return self.path

    def reason_of_failure(self) -> str | None:
        """Why writing fails, in the words of the system; None if it does not. Spoils the file.

        For libraries that only say that something went wrong.
        """
        assert self.path is not None
        try:
            with self.path.open("ab") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return error.strerror
        return None

    def settle(self) -> None:
        """Have all of it on the disk, with the permissions of the target it will replace."""
        assert self.path is not None
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())
        if self._target.exists():
            shutil.copymode(self._target, self.path)

    def replace_target(self) -> None:
        """Move it to its name in one step."""
        assert self.path is not None
        try:
            os.replace(self.path, self._target)
        except OSError as error:
            reason = error.strerror
            raise OutputError(f"{self.name}: cannot be replaced ({reason}); choose another name") from error
        self.path = None

    def remove(self) -> None:
        """Remove it, if it is there."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            self.path = None
