"""The one thread in which a live stream learns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

Work: TypeAlias = Callable[[], None]

_PATIENCE_S = 10.0  # for the piece of work at hand: steps of learning take milliseconds


class Background:
    """Does one piece of work at a time beside the stream; what comes while it is busy is dropped.

    Before `start` (warming up) and after `stop` it works at once, in the thread of whoever submits: the
    result then does not depend on timing. What goes wrong in the thread is kept in `error`; nothing more is
    done then.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()  # guards the next three
        self._work: Work | None = None
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None
        self.dropped = 0

    def start(self) -> None:
        """From now on beside the stream."""
        with self._changed:
            self._is_stopping = False  # a thread that `stop` waited for in vain goes on
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dap_stream learning", daemon=True)
                self._thread.start()

    def submit(self, work: Work) -> None:
        """Do it soon, or drop it. Never waits, but before `start` and after `stop`."""
        with self._changed:
            is_beside = self._thread is not None
            if self._work is not None or self.error is not None:
                self.dropped += 1
                return
            if is_beside:
                self._work = work
                self._changed.notify_all()
        if not is_beside:
            work()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work is not None or self._is_stopping)
                work = self._work
                if work is None:
                    self._thread = None  # here, so that `start` cannot take it for one that goes on
                    return
            try:
                work()
            except BaseException as error:  # noqa: BLE001  a thread has no caller
                self.error = error
            with self._changed:
                self._work = None

    def stop(self) -> None:
        """End after the piece at hand, and wait for that, but not for ever."""
        with self._changed:
            thread = self._thread
            self._is_stopping = True
            self._changed.notify_all()
        if thread is not None:
            thread.join(_PATIENCE_S)
