"""Locks on open files, where there are any."""

from __future__ import annotations

try:
    import fcntl
except ImportError:  # not a Unix system
    fcntl = None  # type: ignore[assignment]


def lock(descriptor: int, waits: bool = False, is_shared: bool = False) -> bool | None:
    """Lock an open file, for as long as it is open.

    Parameters
    ----------
    descriptor
        Of the file. A kill closes it too.
    waits
        Wait for whoever has it.
    is_shared
        Others may have it too, if theirs are shared.

    Returns
    -------
    bool or None
        False if somebody else has it, None if this system or this disk knows no locks.
    """
    if fcntl is None:
        return None
    kind = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
