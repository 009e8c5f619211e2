"""Who goes first on a busy machine, the thread that processes, and who goes last, the process that learns.

The latter has to be a process: a thread that is held up holds what Python lets only one thread have, and with
it the first one (7 % late blocks instead of none beside a busy process).
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

REAL_TIME = 5  # of 1..99: below the sound server's own
NICENESS = 10  # of 0..19: a ninth of what others get of a core that both want
_AUTOGROUP = Path("/proc/self/autogroup")
_SWITCH_S = 0.0005  # how long Python lets one thread keep another one waiting


def go_first() -> None:
    """Real-time priority for the calling thread, where the system allows it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))


def go_last() -> None:
    """For a process of a session of its own: what nobody else wants."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    # Linux often counts niceness only within a session, and shares equally between sessions: see sched(7).
    with contextlib.suppress(OSError):
        _AUTOGROUP.write_text(str(NICENESS))


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """While a stream runs: threads take turns sooner, and what exists already is not searched for garbage.

    There are half a million objects after all imports, and to look at them once in a while takes 50 ms, in
    which nothing else runs.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
