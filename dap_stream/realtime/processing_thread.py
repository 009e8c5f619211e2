"""The thread that processes. Python may hold it up; that costs late blocks, and never the stream."""

from __future__ import annotations

import threading
import time
from types import TracebackType

from dap_stream.core.priority import go_first
from dap_stream.errors import DapStreamError
from dap_stream.realtime.duplex_buffer import DuplexBuffer

_SHORTEST_S, _LONGEST_S = 0.0002, 0.005


class ProcessingThread:
    """Calls ``duplex.work()`` whenever input has come, until `stop`; or as a ``with`` block.

    It looks four times a block. (A semaphore posted by the callback would wake it sooner, by an eighth of a
    block on average, with one system call for each system in compiled code; and the margin covers it.)
    An exception ends it and is kept in `error`: from then on the output is the dry signal.
    """

    def __init__(self, duplex: DuplexBuffer) -> None:
        self._duplex = duplex
        self._pause_s = min(max(duplex.block_size / duplex.sample_rate / 4, _SHORTEST_S), _LONGEST_S)
        self._is_stopping = False
        self._thread: threading.Thread | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin; one that was stopped, or ended by an error, can start again."""
        if self.is_alive and not self._is_stopping:
            return
        if not self.stop(0.0):
            raise DapStreamError("the processing of the last run still hangs; it cannot start again")
        self._is_stopping, self.error = False, None
        self._thread = threading.Thread(target=self._run, name="dap_stream live", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        go_first()
        try:
            while not self._is_stopping:
                if self._duplex.work() == 0:
                    time.sleep(self._pause_s)
        except BaseException as error:  # noqa: BLE001  handed on by check(): a thread has no caller
            self.error = error

    def stop(self, timeout_s: float | None = None) -> bool:
        """End after the piece at hand; whether it has (a processor that hangs may outlast ``timeout_s``)."""
        self._is_stopping = True
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return False
            self._thread = None
        return True

    @property
    def is_alive(self) -> bool:
        """Whether it is processing or waiting for input."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> None:
        """Raise what ended the thread, if anything did."""
        if self.error is not None:
            raise self.error

    def __enter__(self) -> ProcessingThread:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
