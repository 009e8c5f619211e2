"""Who goes first on a busy machine, the thread that processes, and who goes last, the process that learns.

The latter has to be a process: a thread that is held up holds what Python lets only one thread have, and with
it the first one (7 % late blocks instead of none beside a busy process).
"""

from __future__ import annotations

import contextlib
import os
import sys

REAL_TIME = 5  # of 1..99: below the sound server's own
NICENESS = 10  # of 0..19: a ninth of what others get of a core that both want


def go_first() -> None:
    """Real-time priority for the calling thread, where the system allows it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(REAL_TIME))


def go_last() -> None:
    """For the calling thread and those it will start: what nobody else wants."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
