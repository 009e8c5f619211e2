"""Measurements side by side, each on one thread, so that they do not depend on how many there are."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import SpawnContext
from typing import TypeVar

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def one_thread_context() -> SpawnContext:
    """For processes whose torch and numba, which read it at import, take sums in the same order always."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    return multiprocessing.get_context("spawn")


def run(measure: Callable[[_Task], _Result], tasks: Sequence[_Task], n_jobs: int) -> Iterator[_Result]:
    """The results in the order of `tasks`, from `n_jobs` processes."""
    with ProcessPoolExecutor(n_jobs, mp_context=one_thread_context()) as pool:
        yield from pool.map(measure, tasks)
