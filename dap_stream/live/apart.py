"""A learner in a process of its own, out of the way of the thread that processes.

In one process, whoever learns holds up whoever processes: Python runs one of them at a time. In two, the
system can put the learning last, and a stream stays in time on a busy machine (bench/TRIED.md has figures).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from dap_stream.errors import DapStreamError
from dap_stream.kernels import F32
from dap_stream.learned import HISTORY_BLOCKS, BlockRecord
from dap_stream.live.learner import Knowledge, Learner, Lesson
from dap_stream.live.priority import go_last
from dap_stream.profile import Profile

_PATIENCE_S = 2.0  # for the other process to end by itself
_TERMINATED_S = 10  # until it ends although nobody has told it to, after SIGTERM


class LearnerApart:
    """A `Learner` elsewhere: it is asked through a pipe, and whoever asks waits without the interpreter.

    It is there at once; the other process takes a second or two until it answers. What goes wrong there is
    raised here, by the call after it. Use it as a ``with`` block, or `close` it.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self._is_asked = threading.Lock()
        # A new interpreter: a fork would have copies of the locks that our other threads hold.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, lesson), name="dap_stream learning", daemon=True
        )
        with _deaf():
            self._process.start()
        theirs.close()

    def look(self, log_observed: F32, now_s: float, is_frozen: bool) -> Knowledge | None:
        """As `Learner.look`."""
        with self._is_asked, self._told_if_gone():
            self._pipe.send(("look", log_observed.shape, now_s, is_frozen))
            self._pipe.send_bytes(np.ascontiguousarray(log_observed).reshape(-1).view(np.uint8).data)
            found, records = self._answer()
        self.history.extend(records)
        return found  # type: ignore[no-any-return]

    def profile(self) -> Profile:
        """The weights as they are now."""
        with self._is_asked, self._told_if_gone():
            self._pipe.send(("profile",))
            return self._answer()  # type: ignore[no-any-return]

    def reset(self) -> None:
        """As new. Does not wait, and leaves it to the next `look` to say that nobody is there."""
        with self._is_asked, contextlib.suppress(OSError):
            self._pipe.send(("reset",))
        self.history.clear()

    def _answer(self) -> Any:
        answer = self._pipe.recv()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @contextlib.contextmanager
    def _told_if_gone(self) -> Iterator[None]:
        """In the words of whoever was there, or else with its exit status."""
        try:
            yield
        except (EOFError, OSError):
            with contextlib.suppress(EOFError, OSError):
                if self._pipe.poll():
                    self._answer()
            self._process.join(_PATIENCE_S)
            raise DapStreamError(
                f"the process that learns has ended (exit status {self._process.exitcode}): "
                "is there enough memory? what is known already stays in use"
            ) from None

    def close(self) -> None:
        """End the other process. A second time does nothing."""
        if not self._pipe.closed:
            self._pipe.close()
            self._process.join(_PATIENCE_S)
            self._process.kill()
            self._process.join()
            self._process.close()

    def __enter__(self) -> LearnerApart:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _serve(pipe: Connection[Any, Any], lesson: Lesson) -> None:
    """What the other process does: answer, until nobody is there any more."""
    _outlast_signals()
    go_last()
    with contextlib.suppress(EOFError, OSError):
        try:
            learner = Learner(lesson)
            while True:
                name, *arguments = pipe.recv()
                if name == "look":
                    pipe.send(_look(learner, pipe.recv_bytes(), *arguments))
                elif name == "profile":
                    pipe.send(learner.profile())
                else:
                    learner.reset()
        except DapStreamError as error:
            pipe.send(error)


def _look(
    learner: Learner, data: bytes, shape: Sequence[int], now_s: float, is_frozen: bool
) -> tuple[Knowledge | None, list[BlockRecord]]:
    """What is known then, and the record of it if there is one."""
    before = list(learner.history)[-1:]
    known = learner.look(np.frombuffer(data, np.float32).reshape(shape), now_s, is_frozen)
    after = list(learner.history)[-1:]
    return known, after if after and not (before and after[0] is before[0]) else []


def _outlast_signals() -> None:
    """Signals often come to both: a terminal's to all who have it, a service manager's to all it started.

    The other process is then asked for a profile and ends by itself; should nobody come, it ends later.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(_TERMINATED_S))
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Who is started within cannot be ended by a signal until it has handlers."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
