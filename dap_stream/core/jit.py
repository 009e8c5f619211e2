"""The one way to compile a kernel: kept between runs where that can be, else in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numba
from numba.core import sigutils
from numba.core.ccallback import CFunc

from dap_stream.core import kernel_cache
from dap_stream.core.kernel_cache import SUFFIX, KernelCache

Decorator: TypeAlias = Callable[[Callable[..., Any]], Any]


def kernel(**options: Any) -> Decorator:
    """A decorator that compiles a function at its first call; it lets go of the interpreter.

    Parameters
    ----------
    options
        More of them for ``numba.njit``.
    """
    compiled = numba.njit(nogil=True, error_model="numpy", **options)

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = compiled(function)
        if isinstance(dispatcher, numba.core.dispatcher.Dispatcher):  # a plain function: NUMBA_DISABLE_JIT
            _keep(dispatcher, function)
        return dispatcher

    return decorate


def inlined(function: Callable[..., Any]) -> Any:
    """A function that is written into the kernels that call it, so that a loop has no call in it."""
    return numba.njit(inline="always", error_model="numpy")(function)


def callback(signature: Any) -> Decorator:
    """As ``numba.cfunc(signature)``: a function for C to call, compiled at once."""
    arguments = sigutils.normalize_signature(signature)  # type: ignore[no-untyped-call]

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = CFunc(function, arguments, locals={}, options={})
        _keep(compiled, function)
        compiled.compile()
        return compiled

    return decorate


def _keep(compiled: Any, function: Callable[..., Any]) -> None:
    """Have it kept in a file, if there may be files."""
    if kernel_cache.problem() is None:
        try:
            compiled._cache = KernelCache(function)
        except (OSError, RuntimeError):  # its source is no file
            return


def is_kept(compiled: Any) -> bool:
    """Whether an earlier run has kept this kernel; true where nothing is compiled at all."""
    statistics = getattr(compiled, "stats", None)
    if statistics is None:  # numba is told not to compile (NUMBA_DISABLE_JIT)
        return True
    path = statistics.cache_path
    return path is not None and any(Path(path).glob(f"*.{compiled.py_func.__name__}-*{SUFFIX}"))
