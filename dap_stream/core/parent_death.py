"""A process that nobody needs once its parent is gone ends with it, whatever it is in the middle of.

Imports next to nothing, so that it can be asked for before all that takes time.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int, pipe: int, is_from_main_thread: bool) -> None:
    """From now on be killed when the process ``parent`` ends, or closes its end of ``pipe``.

    Linux sends the signal when the *thread* that started us ends, which is the process only if that was its
    main thread. The end of the pipe is seen everywhere, by a thread that waits for it.
    """
    if is_from_main_thread and sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if not hasattr(select, "poll"):
        return
    if os.getppid() != parent:  # it has ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=_wait_for_end, args=(pipe,), name="dap_stream parent", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    poll = select.poll()
    poll.register(pipe, 0)  # no event but that the other end is closed, whatever is still to be read
    poll.poll()
    os.kill(os.getpid(), signal.SIGKILL)
