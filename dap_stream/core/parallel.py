"""A thread for each core, for pieces of work that do not depend on one another, or are wanted soon.

Kernels and matrix products let go of the interpreter, so that threads do run side by side.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Generic, TypeVar

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")

_is_single = False


def n_cores() -> int:
    """Cores that this process may use."""
    if _is_single:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_one_core() -> None:
    """From now on take this process to have one core, however many there are: before anything is computed.

    For one of many processes that share a machine; and what it computes is then the same on all machines.
    """
    global _is_single
    _is_single = True


def parallel_map(work: Callable[[_Piece], _Result], pieces: Iterable[_Piece]) -> list[_Result]:
    """``work`` of every piece, in their order; the first error of any is raised."""
    pieces = list(pieces)
    if len(pieces) == 1:  # a thread takes its time to wake
        return [work(pieces[0])]
    return list(_pool().map(work, pieces))


@contextmanager
def prefetch(items: Iterable[_Piece]) -> Iterator[Iterator[_Piece]]:
    """The same ``items``, each made in another thread while the one before it is in use.

    Used in a ``with`` block: when it is left, by an error too, nothing is being made any more.
    """
    prefetched = _Prefetched(items)
    try:
        yield prefetched
    finally:
        prefetched.wait()


class _Prefetched(Generic[_Piece]):
    """Hands over one item after the other, and has the next one made meanwhile."""

    def __init__(self, items: Iterable[_Piece]) -> None:
        self._items = iter(items)
        self._next: Future[list[_Piece]] = _pool().submit(self._make)

    def _make(self) -> list[_Piece]:
        """The next item alone, or nothing at the end."""
        return list(islice(self._items, 1))

    def __iter__(self) -> Iterator[_Piece]:
        return self

    def __next__(self) -> _Piece:
        made = self._next.result()  # it stays in its place: `wait` still waits for it if we are stopped here
        if not made:
            raise StopIteration
        self._next = _pool().submit(self._make)
        return made[0]

    def wait(self) -> None:
        """Until no item is being made."""
        wait([self._next])


def started_pool(n_threads: int, name: str) -> ThreadPoolExecutor:
    """A pool whose first thread runs already, so that Python can always end.

    A Ctrl-C in the main thread just when it starts the first one would leave that thread unknown to the
    pool, and Python waiting for it at exit. Others that are started later are ended by the first.
    """
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix=name)
    starter = threading.Thread(target=pool.submit, args=(int,), daemon=True)
    starter.start()
    starter.join()
    return pool


@cache
def _pool() -> ThreadPoolExecutor:
    return started_pool(n_cores(), "dap_stream")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not come along
