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
from typing import TypeVar

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")


def n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def each(work: Callable[[_Piece], _Result], pieces: Iterable[_Piece]) -> list[_Result]:
    """``work`` of every piece, in their order; the first error of any is raised."""
    pieces = list(pieces)
    if len(pieces) == 1:  # a thread takes its time to wake
        return [work(pieces[0])]
    return list(_pool().map(work, pieces))


@contextmanager
def ahead(items: Iterable[_Piece]) -> Iterator[Iterator[_Piece]]:
    """The same ``items``, each made in another thread while the one before it is in use.

    Used in a ``with`` block: when it is left, by an error too, nothing is being made any more.
    """
    source = iter(items)
    waiting: list[Future[list[_Piece]]] = []

    def ask() -> None:
        waiting.append(_pool().submit(lambda: list(islice(source, 1))))

    def handed_over() -> Iterator[_Piece]:
        while found := waiting[0].result():  # left in its place: whoever is stopped here still waits for it
            waiting.clear()
            ask()
            yield found[0]

    ask()
    try:
        yield handed_over()
    finally:
        wait(waiting)


@cache
def _pool() -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(n_cores(), thread_name_prefix="dap_stream")
    # A Ctrl-C in the main thread just when it starts the first one would leave that thread unknown to the
    # pool, and Python waiting for it at exit. Others that are started later are ended by the first.
    starter = threading.Thread(target=pool.submit, args=(int,), daemon=True)
    starter.start()
    starter.join()
    return pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not come along
