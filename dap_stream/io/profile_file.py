"""Learned weights as a file: the same microphone or show starts next week where it ended today."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from dap_stream.core.profile import Profile
from dap_stream.errors import OutputError, ProfileError, SettingError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.file_set import replace_together

FORMAT = "dap_stream profile 2"
WEIGHT = "weight:"  # prefix of the names of weights in the archive
# What zipfile and numpy raise over broken bytes; RuntimeError: a flag says that it is encrypted.
_BROKEN = (
    *(KeyError, ValueError, TypeError, AttributeError, EOFError, OverflowError, MemoryError),
    *(NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error, struct.error),
)


def save_profile(path: str | Path, profile: Profile) -> None:
    """Write a profile as an uncompressed ``.npz`` archive of plain arrays; all or nothing.

    Parameters
    ----------
    path
        Replaced if it exists.
    profile
        What was learned.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    hidden = _written(path, profile, force=True)
    try:
        replace_together([hidden])
    finally:
        hidden.remove()


def stage_profile(path: str | Path, profile: Profile) -> HiddenFile:
    """What `save_profile` writes, to be moved to its name by the caller, or removed.

    SettingError or OutputError if something else than a profile would be replaced, now or until it is moved.
    """
    check_replaceable(path)
    return _written(path, profile, force=os.path.lexists(path))


def replace_profile(path: str | Path, profile: Profile) -> None:
    """As `save_profile`, where there is a profile or nothing."""
    hidden = stage_profile(path, profile)
    try:
        replace_together([hidden])
    finally:
        hidden.remove()


def _written(path: str | Path, profile: Profile, force: bool) -> HiddenFile:
    """Complete and hidden."""
    arrays = {WEIGHT + name: value for name, value in profile.weights.items()}
    hidden = HiddenFile(path, force)
    try:
        with hidden.create().open("wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                format=np.array(FORMAT),
                generator=np.array(profile.generator),
                window_ms=np.array(profile.window_ms),
                lookahead=np.array(profile.lookahead),
                **arrays,
            )
        hidden.settle()
    except OSError as error:
        hidden.remove()
        raise OutputError(
            f"cannot write profile {path}: {error.strerror or error}; free space or choose another place"
        ) from error
    except BaseException:
        hidden.remove()
        raise
    return hidden


def check_replaceable(path: str | Path) -> None:
    """SettingError if there is a file that is no profile: only a profile may take a profile's place."""
    if not Path(path).is_file():
        return
    try:
        load_profile(path)
    except ProfileError as error:
        raise SettingError(f"{path}: exists and is no profile; choose another name") from error


def load_profile(path: str | Path) -> Profile:
    """Read what `save_profile` wrote.

    Parameters
    ----------
    path
        Data from anybody: nothing in it is run.

    Returns
    -------
    Profile
        What was learned.

    Raises
    ------
    ProfileError
        With the reason, for anything else.
    """
    try:
        # Pickles stay forbidden: a profile from a stranger is data, never code.
        # Opened here, since numpy leaves the file open when it is broken.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if str(archive["format"]) != FORMAT:
                raise ProfileError(
                    f"{path}: profile format {archive['format']} is not {FORMAT!r}; learn a new one"
                )
            weights = {
                name.removeprefix(WEIGHT): np.asarray(archive[name], np.float32)
                for name in archive.files
                if name.startswith(WEIGHT)
            }
            return Profile(
                str(archive["generator"]), float(archive["window_ms"]), int(archive["lookahead"]), weights
            )
    except OSError as error:
        raise ProfileError(
            f"cannot read profile {path}: {error.strerror or 'not a profile'}; check the path"
        ) from error
    except _BROKEN as error:
        raise ProfileError(
            f"{path}: not a dap_stream profile, or damaged; learn a new one and save it"
        ) from error
