"""Kernels and their plain twins: which there are, and that a twin takes what its kernel takes."""

from __future__ import annotations

from types import ModuleType
from typing import Any


def twins_of(reference: ModuleType) -> list[str]:
    """Names of the twins that are written in this module, not only imported there."""
    return [
        name
        for name, twin in vars(reference).items()
        if getattr(twin, "__module__", "") == reference.__name__ and not name.startswith("_")
    ]


def assert_same_signature(kernel: Any, twin: Any) -> None:
    """Arguments of the same names in the same order."""
    code, plain = kernel.py_func.__code__, twin.__code__
    assert code.co_varnames[: code.co_argcount] == plain.co_varnames[: plain.co_argcount]
