"""Jobs that wait and jobs that run, each for a client who may cancel it or go away."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.protocol import (
    MAX_WAITING,
    BridgeError,
    JobId,
    Message,
    answer,
    as_bridge_error,
    cancelled,
    event,
    failure,
    request_error,
)
from dap_stream.errors import DapStreamError

PATIENCE_S = 20.0  # for jobs that are cancelled because the bridge ends; the slowest step takes a few seconds


@dataclass(eq=False)
class Ticket:
    """A job as its client and its thread see it."""

    client: Client
    job_id: JobId
    work: Work
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Have it end at its next step."""
        self._cancelled.set()

    def check(self) -> None:
        """BridgeError of the kind "cancelled" if nobody wants it any more."""
        if self._cancelled.is_set() or self.client.is_gone:
            raise cancelled()

    def tell(self, method: str, **params: object) -> None:
        """An event."""
        self.client.send(event(method, self.job_id, **params))

    def answer(self, message: Message) -> None:
        """The last that its client hears of it."""
        self.client.send(message)


Work: TypeAlias = Callable[[Ticket], dict[str, object]]
"""Does a job in a thread of `Jobs`; returns its result."""


class Jobs:
    """A few threads that do one job after the other, first come, first served.

    Parameters
    ----------
    n_parallel
        Jobs at once.
    log
        Takes the details of what went wrong unexpectedly.
    """

    def __init__(self, n_parallel: int, log: Callable[[str], None]) -> None:
        self.n_parallel = n_parallel
        self._log = log
        self._changed = threading.Condition()  # guards the next four
        self._waiting: deque[Ticket] = deque()
        self._running: list[Ticket] = []
        self._is_stopping = False
        self._last_busy = time.monotonic()
        self._threads = [
            threading.Thread(target=self._run, name=f"dap_stream job {i}", daemon=True)
            for i in range(n_parallel)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, client: Client, job_id: JobId, work: Work) -> None:
        """Have it done; BridgeError if there are too many, or another one of this id."""
        with self._changed:
            if self._find(client, job_id) is not None:
                raise request_error(f"id {job_id!r} is that of a job that is not done; choose another")
            if len(self._waiting) >= MAX_WAITING:
                raise BridgeError("busy", f"{MAX_WAITING} jobs wait already; send it again when one is done")
            if self._is_stopping:
                raise cancelled()
            self._waiting.append(Ticket(client, job_id, work))
            self._changed.notify_all()

    def cancel(self, client: Client, job_id: JobId) -> None:
        """Cancel a job, which answers for itself; BridgeError if there is none of that id."""
        with self._changed:
            ticket = self._find(client, job_id)
            if ticket is None:
                raise request_error(f"no job {job_id!r} waits or runs; it may be done already")
            ticket.cancel()
            is_waiting = ticket in self._waiting
            if is_waiting:
                self._waiting.remove(ticket)
        if is_waiting:
            ticket.answer(failure(job_id, cancelled()))

    def has(self, client: Client, job_id: JobId) -> bool:
        """Whether a job of that id waits or runs."""
        with self._changed:
            return self._find(client, job_id) is not None

    def drop(self, client: Client) -> None:
        """Cancel all jobs of a client who has gone."""
        client.leave()
        with self._changed:
            self._waiting = deque(each for each in self._waiting if each.client is not client)

    def _find(self, client: Client, job_id: JobId) -> Ticket | None:
        tickets = (*self._waiting, *self._running)
        return next((each for each in tickets if (each.client, each.job_id) == (client, job_id)), None)

    @property
    def idle_s(self) -> float:
        """Seconds since the last job ended; 0 while there are some."""
        with self._changed:
            is_busy = bool(self._waiting or self._running)
            return 0.0 if is_busy else time.monotonic() - self._last_busy

    def stop(self) -> bool:
        """Cancel everything and wait for it; False if a job is stuck in a step and is left to its fate."""
        with self._changed:
            self._is_stopping = True
            waiting = list(self._waiting)
            self._waiting.clear()
            for ticket in self._running:
                ticket.cancel()
            self._changed.notify_all()
        for ticket in waiting:
            ticket.answer(failure(ticket.job_id, cancelled()))
        end = time.monotonic() + PATIENCE_S
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_stopping)
                if self._is_stopping:
                    return
                ticket = self._waiting.popleft()
                self._running.append(ticket)
            message = self._done(ticket)
            with self._changed:  # before its client may use the id again
                self._running.remove(ticket)
                self._last_busy = time.monotonic()
            ticket.answer(message)

    def _done(self, ticket: Ticket) -> Message:
        try:
            ticket.check()
            return answer(ticket.job_id, ticket.work(ticket))
        except Exception as error:  # noqa: BLE001  perhaps a bug, but the next job shall not suffer from it
            return failure(ticket.job_id, self.explained(error))

    def explained(self, error: Exception) -> DapStreamError:
        """An error with a line for a person; the details go to the log if it is a bug."""
        known, is_bug = as_bridge_error(error)
        if is_bug:
            self._log("".join(traceback.format_exception(error)))
        return known
