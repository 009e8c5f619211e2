"""Workers on this machine: processes that stay warm, and end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from dap_stream.apps.batch.tasks import Answer, Task
from dap_stream.apps.batch.worker import ENVIRONMENT, do_task
from dap_stream.apps.batch.workers import Answered, Event, Heard, Lost, Ready
from dap_stream.core import parallel
from dap_stream.core.held_signals import held_back
from dap_stream.core.interrupts import Stopped, stop_on_signals
from dap_stream.errors import DapStreamError

_TIDY_S = 10.0  # for a worker to remove what is half-written
_MOST_STILLBORN = 3  # workers one after the other that end before they are ready

# multiprocessing would run the main script once more in the other process, and not every script stands that.
_PROGRAM = (
    "import sys; sys.path[:] = {path!r}; "
    "from dap_stream.core.parent_death import end_with_parent; end_with_parent({parent}, {pipe}, {is_main}); "
    "from dap_stream.apps.batch.local_workers import serve; serve({pipe})"
)


class LocalWorkers:
    """As many processes as are wanted, ``most`` at most; see `Workers`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._pipes: dict[int, Connection] = {}
        self._is_ready: set[int] = set()
        self._n_stillborn = 0

    def want(self, n_tasks: int) -> None:
        """As of `Workers`."""
        for place in range(len(self._processes), min(n_tasks, self._most)):
            self._begin(place)

    def _begin(self, place: int) -> None:
        ours, theirs = Pipe()
        program = _PROGRAM.format(
            path=sys.path,
            parent=os.getpid(),
            pipe=theirs.fileno(),
            is_main=threading.current_thread() is threading.main_thread(),
        )
        with held_back():  # what was started is known, and will be ended
            try:
                self._processes[place] = subprocess.Popen(
                    [sys.executable, "-c", program],
                    env={**os.environ, **ENVIRONMENT},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,  # Ctrl-C in a terminal is for us to handle
                )
            except OSError as error:
                raise DapStreamError(
                    f"cannot start a worker ({error.strerror}); end other programs, or choose fewer --jobs"
                ) from error
            self._pipes[place] = ours
        theirs.close()

    def start(self, place: int, task: Task) -> None:
        """As of `Workers`."""
        try:
            self._pipes[place].send(task)
        except OSError:
            return  # it is gone; `wait` says so

    def wait(self) -> Sequence[Event]:
        """As of `Workers`."""
        places = {pipe: place for place, pipe in self._pipes.items()}
        return [self._next(places[pipe]) for pipe in wait(list(places)) if isinstance(pipe, Connection)]

    def _next(self, place: int) -> Event:
        try:
            message: Any = self._pipes[place].recv()
        except (EOFError, OSError):
            return self._replace(place)
        if isinstance(message, Answer):
            return Answered(place, message)
        if message is None:
            self._is_ready.add(place)
            self._n_stillborn = 0
            return Ready(place)
        return Heard(place, float(message))

    def _replace(self, place: int) -> Lost:
        """Another one in the place of one that has ended."""
        self._pipes.pop(place).close()
        status = self._processes[place].wait()
        if place not in self._is_ready:
            self._n_stillborn += 1
            if self._n_stillborn >= _MOST_STILLBORN:
                raise DapStreamError(
                    f"workers end before they begin (exit status {status}); try dap-stream denoise"
                )
        self._is_ready.discard(place)
        self._begin(place)
        return Lost(place, _why(status))

    def __enter__(self) -> LocalWorkers:
        return self

    def __exit__(self, *error: object) -> None:
        with held_back():
            for pipe in self._pipes.values():
                pipe.close()  # who is idle ends
            for process in self._processes.values():
                process.terminate()  # who is at work removes what is half-written
            for process in self._processes.values():
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_TIDY_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _why(status: int) -> str:
    if status >= 0:
        return f"its worker has ended (exit status {status})"
    name = signal.Signals(-status).name
    return f"its worker was killed ({name}{', often for want of memory' if name == 'SIGKILL' else ''})"


def serve(pipe: int) -> None:
    """Program of the other process: one task after the other, until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parallel.use_one_core()
    connection = Connection(pipe)
    try:
        with stop_on_signals():
            connection.send(None)
            while True:
                connection.send(do_task(connection.recv(), connection.send))
    except (Stopped, EOFError, OSError):
        return
