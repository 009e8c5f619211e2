"""A learner in a process of its own, out of the way of the thread that processes.

In one process, whoever learns holds up whoever processes: Python runs one of them at a time. In two, the
system can put the learning last, and a stream stays in time on a busy machine (bench/TRIED.md has figures).
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np

from dap_stream.errors import DapStreamError
from dap_stream.kernels import F32
from dap_stream.learned import HISTORY_BLOCKS, BlockRecord
from dap_stream.live.learner import Knowledge, Learner, Lesson
from dap_stream.live.priority import go_last
from dap_stream.profile import Profile

_PATIENCE_S = 2.0  # for the other process to end by itself
_TERMINATED_S = 10  # until it ends although nobody has told it to, after SIGTERM
_PIPE_BYTES = 2**20  # the more, the fewer pieces seconds of sound go over in
_FLOAT_BYTES = 4

# multiprocessing would run the main script once more in the other process, and not every script stands that.
_PROGRAM = "import sys; sys.path[:] = {path!r}; from dap_stream.live.apart import serve; serve()"


class LearnerApart:
    """A `Learner` elsewhere: it is asked through a pipe, and whoever asks waits without the interpreter.

    It is there at once; the other process takes a second or two until it answers. What goes wrong there is
    raised here, by the call after it. Use it as a ``with`` block, or `close` it.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self._is_asked = threading.Lock()
        self._is_closed = False
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM.format(path=sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
            start_new_session=True,  # Ctrl-C in a terminal is for us to handle
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._questions, self._answers = self.process.stdin, self.process.stdout
        with contextlib.suppress(OSError):  # the first call says so
            _send(self._questions, lesson)

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """As `Learner.look`."""
        shape = (len(log_observed), *log_observed[0].shape)
        with self._is_asked, self._told_if_gone():
            _send(self._questions, ("look", shape, now_s, is_frozen), log_observed)
            found, records = self._answer()
        self.history.extend(records)
        return found  # type: ignore[no-any-return]

    def profile(self) -> Profile:
        """The weights as they are now."""
        with self._is_asked, self._told_if_gone():
            _send(self._questions, ("profile",))
            return self._answer()  # type: ignore[no-any-return]

    def reset(self) -> None:
        """As new. Does not wait, and leaves it to the next `look` to say that nobody is there."""
        with self._is_asked, contextlib.suppress(OSError):
            _send(self._questions, ("reset",))
        self.history.clear()

    def _answer(self) -> Any:
        answer = pickle.load(self._answers)
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
                self._answer()
            raise DapStreamError(
                f"the process that learns has ended (exit status {self.process.wait()}): "
                "is there enough memory? what is known already stays in use"
            ) from None

    def close(self) -> None:
        """End the other process. A second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        with contextlib.suppress(OSError):
            self._questions.close()  # which ends it
        try:
            self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._answers.close()

    def __enter__(self) -> LearnerApart:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _send(pipe: IO[bytes], value: object, arrays: Sequence[F32] = ()) -> None:
    """``arrays`` go as their bytes, which spares a copy of megabytes while Python waits."""
    pickle.dump(value, pipe)
    for array in arrays:
        pipe.write(np.ascontiguousarray(array).data)
    pipe.flush()


def serve() -> None:
    """What the other process does: answer, until nobody is there any more."""
    # Our standard output is for answers, whatever some library prints.
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if hasattr(signal, "SIGALRM"):
        # A service manager ends all it started at once, and we may still be asked for a profile.
        signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(_TERMINATED_S))
    go_last()
    with contextlib.suppress(EOFError, OSError):
        try:
            learner = Learner(pickle.load(questions))
            while True:
                name, *arguments = pickle.load(questions)
                if name == "look":
                    shape, now_s, is_frozen = arguments
                    data = questions.read(_FLOAT_BYTES * int(np.prod(shape)))
                    _send(answers, _look(learner, data, shape, now_s, is_frozen))
                elif name == "profile":
                    _send(answers, learner.profile())
                else:
                    learner.reset()
        except DapStreamError as error:
            _send(answers, error)


def _look(
    learner: Learner, data: bytes, shape: Sequence[int], now_s: float, is_frozen: bool
) -> tuple[Knowledge | None, list[BlockRecord]]:
    """What is known then, and the record of it if there is one."""
    before = list(learner.history)[-1:]
    known = learner.look(list(np.frombuffer(data, np.float32).reshape(shape)), now_s, is_frozen)
    after = list(learner.history)[-1:]
    return known, after if after and not (before and after[0] is before[0]) else []
