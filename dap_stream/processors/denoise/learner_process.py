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
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import IO, Any

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.priority import go_last
from dap_stream.core.profile import Profile
from dap_stream.errors import DapStreamError
from dap_stream.processors.denoise.learner import Knowledge, Learner, Lesson
from dap_stream.processors.denoise.model import HISTORY_BLOCKS, BlockRecord

_PATIENCE_S = 2.0  # for the other process to end by itself
_ANSWER_S = 30.0  # it answers within milliseconds, and when it has just been started within seconds
_TERMINATED_S = 10  # until it ends although nobody has told it to, after SIGTERM
_PIPE_BYTES = 2**20  # the more, the fewer pieces seconds of sound go over in
_FLOAT_BYTES = 4

_SILENT = f"the process that learns has not answered for {_ANSWER_S:g} s"
_ENDED = "the process that learns was ended already"
_ENDS = (EOFError, OSError, pickle.UnpicklingError)  # of a pipe, in the middle of a message too

# multiprocessing would run the main script once more in the other process, and not every script stands that.
# Standard output is for answers: before anything is imported, what some library prints there is sent to
# standard error instead.
_PROGRAM = (
    "import os, sys; answers = os.dup(1); os.dup2(2, 1); sys.path[:] = {path!r}; "
    "from dap_stream.core.parent_death import end_with_parent; end_with_parent({parent}, 0, {is_main}); "
    "from dap_stream.processors.denoise.learner_process import serve; serve(answers)"
)


class LearnerProcess:
    """A `Learner` elsewhere: it is asked through a pipe, and whoever asks waits without the interpreter.

    It is there at once; the other process takes a second or two until it answers. What goes wrong there is
    raised here, by the call after it. Use it as a ``with`` block, or `close` it.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.settings = lesson.settings
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self._is_asked = threading.Lock()
        self._is_closed = False
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _program()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in a terminal is for us to handle
            )
        except OSError as error:
            raise DapStreamError(
                f"cannot start the process that learns ({error.strerror}): end other programs"
            ) from error
        assert self.process.stdin is not None and self.process.stdout is not None
        _widen(self.process.stdin)
        self._questions, self._answers = self.process.stdin, self.process.stdout
        with contextlib.suppress(OSError):  # the first call says so
            _send(self._questions, lesson)

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """As `Learner.look`."""
        shape = (len(log_observed), *log_observed[0].shape)
        knowledge: Knowledge | None
        with self._alone(), self._explained_if_gone():
            _send(self._questions, ("look", shape, now_s, is_frozen), log_observed)
            knowledge, records = self._answer()
        self.history.extend(records)
        return knowledge

    def profile(self) -> Profile:
        """The weights as they are now. For any thread."""
        # A Ctrl-C may end the waiting, and must not come between question and answer: hence a thread.
        result: Future[Profile] = Future()

        def ask() -> None:
            try:
                with self._alone(), self._explained_if_gone():
                    _send(self._questions, ("profile",))
                    result.set_result(self._answer())
            except BaseException as error:  # noqa: BLE001  raised by whoever waits
                result.set_exception(error)

        threading.Thread(target=ask, name="dap_stream profile", daemon=True).start()
        try:
            return result.result(_ANSWER_S)
        except FutureTimeoutError:
            raise DapStreamError(_SILENT) from None

    def reset(self) -> None:
        """As new. Waits for no answer, and leaves it to the next `look` to say that nobody is there."""
        with self._alone(), contextlib.suppress(OSError):
            _send(self._questions, ("reset",))
        self.history.clear()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One question at a time, if it was not closed meanwhile."""
        if not self._is_asked.acquire(timeout=_ANSWER_S):
            raise DapStreamError(_SILENT)
        try:
            if self._is_closed:
                raise DapStreamError(_ENDED)
            yield
        finally:
            self._is_asked.release()

    def _answer(self) -> Any:
        answer = pickle.load(self._answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @contextlib.contextmanager
    def _explained_if_gone(self) -> Iterator[None]:
        """In the words of whoever was there, or else with its exit status."""
        try:
            yield
        except _ENDS as error:
            if isinstance(error, OSError):  # the question did not arrive: there may be a last answer
                with contextlib.suppress(*_ENDS):
                    self._answer()
            if self._is_closed:
                raise DapStreamError(_ENDED) from None
            status = self._end()
            why = ", often for want of memory" if status == -9 else ""
            raise DapStreamError(
                f"the process that learns has ended (exit status {status}{why}); what it knew stays in use"
            ) from None

    def close(self) -> None:
        """End the other process, which has nothing to lose, in the middle of an answer too.

        A second time does nothing.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self.process.kill()
        self.process.wait()
        with self._is_asked:  # whoever waits for an answer sees at once that there will be none
            with contextlib.suppress(OSError):  # of what was not sent
                self._questions.close()
            self._answers.close()

    def _end(self) -> int:
        """Its exit status, soon."""
        try:
            return self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self) -> LearnerProcess:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _program() -> str:
    """Program of the other process, which ends with us, in the middle of a lesson too."""
    is_main = threading.current_thread() is threading.main_thread()
    return _PROGRAM.format(path=sys.path, parent=os.getpid(), is_main=is_main)


def _widen(pipe: IO[bytes]) -> None:
    """Let seconds of sound go over in few pieces, where the system has that."""
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return


def _send(pipe: IO[bytes], value: object, arrays: Sequence[F32] = ()) -> None:
    """``arrays`` go as their bytes, which spares a copy of megabytes while Python waits."""
    pickle.dump(value, pipe)
    for array in arrays:
        pipe.write(np.ascontiguousarray(array).data)
    pipe.flush()


def serve(answers_fd: int) -> None:
    """Program of the other process: answer one question after the other, until nobody asks any more."""
    _outlast_signals()
    go_last()
    questions, answers = sys.stdin.buffer, os.fdopen(answers_fd, "wb")
    with contextlib.suppress(*_ENDS):
        try:
            learner = Learner(pickle.load(questions))
            while True:
                _serve_one(learner, questions, answers)
        except DapStreamError as error:
            _send(answers, error)


def _outlast_signals() -> None:
    """A service manager ends all it started at once, and we may still be asked for a profile."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(_TERMINATED_S))


def _serve_one(learner: Learner, questions: IO[bytes], answers: IO[bytes]) -> None:
    """Read a question and answer it; `reset` has no answer. EOFError once nobody asks any more."""
    name, *arguments = pickle.load(questions)
    if name == "look":
        shape, now_s, is_frozen = arguments
        log_observed = _receive(questions, shape)
        _send(answers, _look(learner, log_observed, now_s, is_frozen))
    elif name == "profile":
        _send(answers, learner.profile())
    else:
        learner.reset()


def _receive(pipe: IO[bytes], shape: Sequence[int]) -> list[F32]:
    """Arrays as `_send` sends them, all of them together of this shape; EOFError if they break off."""
    n_bytes = _FLOAT_BYTES * int(np.prod(shape))
    data = pipe.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError
    return list(np.frombuffer(data, np.float32).reshape(shape))


def _look(
    learner: Learner, log_observed: Sequence[F32], now_s: float, is_frozen: bool
) -> tuple[Knowledge | None, list[BlockRecord]]:
    """Knowledge after a look, and the record of it if there is one."""
    before = list(learner.history)[-1:]
    knowledge = learner.look(log_observed, now_s, is_frozen)
    after = list(learner.history)[-1:]
    is_new = after and not (before and after[0] is before[0])
    return knowledge, after if is_new else []
