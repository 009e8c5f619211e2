"""Learned weights as a file: the same microphone or show starts next week where it ended today."""

from __future__ import annotations

import math
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dap_stream.core.profile import Profile
from dap_stream.core.small_file import open_regular
from dap_stream.errors import OutputError, ProfileError, SettingError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.file_set import replace_together

FORMAT = "dap_stream profile 2"
WEIGHT = "weight:"  # prefix of the names of weights in the archive
MAX_BYTES = 64 * 2**20  # unpacked; a generator has less than one thousandth of it
MAX_ARRAYS, MAX_AXES = 1000, 8
# What is told beside the weights: kinds of numbers or text, and the most bytes.
_FACTS = {"format": ("U", 400), "generator": ("U", 400), "window_ms": ("fiu", 8), "lookahead": ("iu", 8)}
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
    ProfileError
        If there are more weights than `load_profile` takes.
    """
    hidden = _written(path, profile, force=True)
    try:
        replace_together([hidden])
    finally:
        hidden.remove()


def stage_profile(path: str | Path, profile: Profile) -> HiddenFile:
    """The file that `save_profile` writes, to be moved to its name by the caller, or removed.

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
    arrays = {WEIGHT + name: np.asarray(value, np.float32) for name, value in profile.weights.items()}
    if (
        len(arrays) > MAX_ARRAYS - len(_FACTS)
        or sum(each.nbytes for each in arrays.values()) > MAX_BYTES // 2
    ):
        raise ProfileError(f"{path}: a profile has at most {MAX_BYTES // 2**21} MB of weights; use fewer")
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
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise ValueError("too large")
            with zipfile.ZipFile(file) as archive:
                return _read(path, _members(archive), archive)
    except OSError as error:
        raise ProfileError(
            f"cannot read profile {path}: {error.strerror or 'not a profile'}; check the path"
        ) from error
    except _BROKEN as error:
        raise ProfileError(
            f"{path}: not a dap_stream profile, or damaged; learn a new one and save it"
        ) from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Array name -> member; ValueError unless there are few of them, each once, and small all together."""
    infos = archive.infolist()
    members = {info.filename.removesuffix(".npy"): info for info in infos}
    is_known = all(info.filename.endswith(".npy") and _is_known(info.filename[:-4]) for info in infos)
    is_plain = all(info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos)
    is_small = len(infos) <= MAX_ARRAYS and sum(info.file_size for info in infos) <= MAX_BYTES
    if not (is_known and is_plain and is_small and len(members) == len(infos)):
        raise ValueError("other members than a profile has")
    return members


def _is_known(name: str) -> bool:
    return name in _FACTS or name.startswith(WEIGHT)


def _read(path: str | Path, members: dict[str, zipfile.ZipInfo], archive: zipfile.ZipFile) -> Profile:
    found = _array(archive, members["format"], *_FACTS["format"]).item()
    if found != FORMAT:
        raise ProfileError(f"{path}: profile format {found} is not {FORMAT!r}; learn a new one")
    facts = {name: _array(archive, members[name], *_FACTS[name]).item() for name in _FACTS}
    weights = {
        name.removeprefix(WEIGHT): _array(archive, info, "f", 4, MAX_AXES)
        for name, info in members.items()
        if name.startswith(WEIGHT)
    }
    return Profile(facts["generator"], float(facts["window_ms"]), int(facts["lookahead"]), weights)


def _array(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, kinds: str, most_bytes: int, most_axes: int = 0
) -> npt.NDArray[Any]:
    """One array, whose header is looked at before any memory is asked for; never a pickle."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(member)
        n_bytes = math.prod(shape) * dtype.itemsize
        is_fit = dtype.kind in kinds and dtype.itemsize <= most_bytes and len(shape) <= most_axes
        if not is_fit or min(shape, default=0) < 0 or n_bytes != info.file_size - member.tell():
            raise ValueError("another array than a profile has")
        data = member.read(n_bytes)
        member.read(1)  # the end, where the checksum is looked at
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if is_fortran else "C")
    return array.astype(np.float32) if most_axes else array
