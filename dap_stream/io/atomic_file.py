"""A file that appears under its name only when it is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from dap_stream.errors import OutputError
from dap_stream.io.file_lock import lock
from dap_stream.io.file_metadata import copy_metadata
from dap_stream.io.leftovers import remove_leftovers
from dap_stream.io.output_paths import check_folder, check_free
from dap_stream.io.part_files import OLD, hidden_path, make_locked
from dap_stream.io.set_plan import Step, state_of

# More than any encoder holds back, so that trying to write it meets the full disk that the encoder met.
_PROBE_BYTES = 4 * 2**20
_TRIES = 5  # each fails only if somebody tidies up in the moment between making and locking
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


class HiddenFile:
    """A hidden file beside ``target``, to be written by others, then moved there or removed.

    ``name`` is the target as the user gave it, for messages. ``path`` is the hidden file,
    None before `create` and after it was moved or removed. Without ``force`` a target that exists is an
    OutputError, whenever it appears.
    """

    def __init__(self, target: str | Path, force: bool = True) -> None:
        self.name = str(target)
        self.force = force
        # A link stays a link: what it points to is replaced.
        self._target = Path(os.path.realpath(target))
        self.path: Path | None = None
        self._lock: int | None = None
        self._backup: Path | None = None
        self._backup_lock: int | None = None

    def create(self) -> Path:
        """Make the hidden file, empty; OutputError if the folder or the target does not let us."""
        check_folder(self.name)
        remove_leftovers(self._target.parent)
        check_free(self.name, self.force, "another name")
        is_old = self._target.exists()
        for _ in range(_TRIES):
            # Known before it exists, so that an interrupt in between leaves nothing behind.
            self.path = hidden_path(self._target)
            try:
                self._lock = make_locked(self.path, is_private=is_old)
                return self.path
            except FileNotFoundError:
                continue
            except OSError as error:
                reason = error.strerror
                self.path = None
                raise OutputError(
                    f"{self.name}: cannot be written ({reason}); choose another folder"
                ) from error
        raise OutputError(f"{self.name}: cannot be written (it is always removed); choose another folder")

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
        """Have all of it on the disk, with owner and permissions of the target it will replace."""
        assert self.path is not None
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())
        if self.force and self._target.exists():
            copy_metadata(self._target, self.path)

    def step(self, keeps_old: bool) -> Step:
        """The step of `place`. ``keeps_old``: what is replaced can be taken back until `forget_old`."""
        assert self.path is not None
        self._backup = hidden_path(self._target, OLD) if keeps_old and self.force else None
        backup = None if self._backup is None else str(self._backup)
        old = state_of(self._target) if self.force else None
        return Step(str(self.path), str(self._target), backup, state_of(self.path), old)

    def place(self) -> None:
        """Move it to its name in one step; OutputError, and nothing was done."""
        assert self.path is not None
        try:
            if not self.force:
                self._put()
            else:
                self._keep_old()
                os.replace(self.path, self._target)
        except FileExistsError as error:
            raise OutputError(
                f"{self.name}: has appeared meanwhile; choose another name, or say force=True to replace it"
            ) from error
        except OSError as error:
            reason = error.strerror
            raise OutputError(
                f"{self.name}: cannot take its place ({reason}); choose another name"
            ) from error
        finally:
            # Gone where it was moved; a second name of the target where it was linked.
            if state_of(self.path) is None or state_of(self._target) == state_of(self.path):
                self._unlink_part()

    def _put(self) -> None:
        """Give it the name if nobody has it: FileExistsError otherwise."""
        assert self.path is not None
        try:
            os.link(self.path, self._target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A file system without links: the name is taken first, and then what we took is replaced.
            os.close(os.open(self._target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                os.replace(self.path, self._target)
            except OSError:
                self._target.unlink()
                raise

    def _keep_old(self) -> None:
        """A second name for what will be replaced, or a copy where there are none."""
        if self._backup is None or not self._target.exists():
            return
        with contextlib.suppress(OSError):
            self._backup_lock = os.open(self._target, os.O_RDONLY)
            lock(self._backup_lock)
        try:
            os.link(self._target, self._backup)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            shutil.copyfile(self._target, self._backup)
            copy_metadata(self._target, self._backup)

    def take_back(self, step: Step) -> None:
        """After `place`: as it was before; OSError if that cannot be."""
        if step.is_done:
            step.undo()
        self.forget_old()

    def forget_old(self) -> None:
        """Give up the file that was replaced."""
        if self._backup is not None:
            with contextlib.suppress(OSError):
                self._backup.unlink()
            self._backup = None
        if self._backup_lock is not None:
            os.close(self._backup_lock)
            self._backup_lock = None

    def _unlink_part(self) -> None:
        if self.path is not None:
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()
            self.path = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """Remove it, if it is there, and all that belongs to it."""
        self._unlink_part()
        self.forget_old()
