"""All that a file keeps when its content is replaced: owner, group, permissions, access lists, attributes."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

_ACCESS = "system.posix_acl_access"
# Sums over the content, which is another one now.
_OF_CONTENT = ("security.ima", "security.evm", "security.capability")
_GROUP_AS_OTHERS = 3  # bits between the two


def lost_metadata(path: Path) -> list[str]:
    """Parts that `copy_metadata` cannot keep of a file that is about to be replaced, in few words."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        return []
    status = path.stat()
    lost = []
    if status.st_uid != os.geteuid():
        lost.append("its owner (it will be yours)")
    if status.st_gid not in (os.getegid(), *os.getgroups()):
        lost.append("its group (which will have the rights of everybody)")
    return lost


def copy_metadata(origin: Path, target: Path) -> None:
    """Give ``target`` what ``origin`` has, as far as the system lets us, and never more rights."""
    old, new = origin.stat(), target.stat()
    mode = stat.S_IMODE(old.st_mode)
    if hasattr(os, "chown"):
        if not _chown(target, old.st_uid if old.st_uid != new.st_uid else -1, -1):
            mode &= ~stat.S_ISUID
        if not _chown(target, -1, old.st_gid if old.st_gid != new.st_gid else -1):
            mode = _without_group(mode)
    if not _copy_attributes(origin, target):
        mode = _without_group(mode)
    target.chmod(mode)


def _chown(path: Path, user: int, group: int) -> bool:
    try:
        os.chown(path, user, group)
    except OSError:
        return False
    return True


def _without_group(mode: int) -> int:
    """The mode for another group: what was meant for one is not for that, which may do what everybody may."""
    others = mode & stat.S_IRWXO
    return mode & ~(stat.S_ISGID | stat.S_IRWXG) | mode & (others << _GROUP_AS_OTHERS)


def _copy_attributes(origin: Path, target: Path) -> bool:
    """Whether the access list is the same; all other attributes are copied as far as it goes."""
    if not hasattr(os, "listxattr"):
        return True
    try:
        names = os.listxattr(origin)
    except OSError:  # a file system without them
        return True
    is_same = True
    for name in names:
        if name in _OF_CONTENT:
            continue
        try:
            os.setxattr(target, name, os.getxattr(origin, name))
        except OSError:
            is_same = is_same and name != _ACCESS
    if _ACCESS not in names:
        # One that new files in this folder get, and this one did not have.
        with contextlib.suppress(OSError):
            os.removexattr(target, _ACCESS)
    return is_same
