"""One thread at a time, or an error: for objects whose state would be mixed up without a word."""

from __future__ import annotations

import threading
from types import TracebackType

from dap_stream.errors import SettingError


class Alone:
    """A ``with`` block that refuses a second thread; the same thread may enter again.

    ``what`` begins the message. Copies and pickles of what has it are not locked.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise SettingError(f"{self._what} is at work in another thread; make one for each thread")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def __reduce__(self) -> tuple[type[Alone], tuple[str]]:
        return Alone, (self._what,)
