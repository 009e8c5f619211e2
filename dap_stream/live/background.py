"""The one thread in which a live stream learns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

Work: TypeAlias = Callable[[], None]

_PATIENCE_S = 10.0  # for a piece of work at hand: steps of learning take milliseconds


class Background:
    """Does one piece of work at a time beside the stream; what comes while it is busy is dropped.

    Before `start` (warming up) and after `stop` it works at once, in the thread of whoever submits: the
    result then does not depend on timing. What goes wrong in the thread is kept in `error`; nothing more is
    done then.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._work: Work | None = None
        self._is_stopping = self._is_paused = False
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None
        self.dropped = 0

    def start(self) -> None:
        """From now on beside the stream."""
        self._is_stopping = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dap_stream learning", daemon=True)
            self._thread.start()

    def submit(self, work: Work) -> None:
        """Do it soon, or drop it. Never waits."""
        if self._thread is None:
            work()
            return
        with self._changed:
            if self._work is not None or self._is_paused or self.error is not None:
                self.dropped += 1
                return
            self._work = work
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._work is not None or self._is_stopping)
                work = self._work
            if work is None:
                return
            try:
                work()
            except BaseException as error:  # noqa: BLE001  a thread has no caller
                self.error = error
            with self._changed:
                self._work = None
                self._changed.notify_all()

    def pause(self) -> bool:
        """Take no more work, and wait for the piece at hand; whether it is done. `resume` ends it."""
        with self._changed:
            self._is_paused = True
            return self._changed.wait_for(lambda: self._work is None, _PATIENCE_S)

    def resume(self) -> None:
        """Take work again."""
        with self._changed:
            self._is_paused = False

    def stop(self) -> None:
        """End after the piece at hand."""
        thread = self._thread
        if thread is None:
            return
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        thread.join(_PATIENCE_S)
        if not thread.is_alive():
            self._thread = None
