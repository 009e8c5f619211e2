"""Random weights from a generator of their own: nobody else's random numbers move, in no thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch.overrides import TorchFunctionMode

_Made = TypeVar("_Made")

# torch.nn.init hands its generator on by name; these are drawn from without naming one.
_DRAWS = {"uniform_", "normal_", "bernoulli_", "random_", "rand", "randn", "randint", "randperm"}


class _OwnGenerator(TorchFunctionMode):
    """Within it, in this thread, all that is drawn comes from ``generator``."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        draws = "generator" in kwargs or getattr(func, "__name__", "") in _DRAWS
        if draws and kwargs.get("generator") is None:
            kwargs["generator"] = self._generator
        return func(*args, **kwargs)


def seeded(make: Callable[[], _Made], seed: int) -> _Made:
    """Whatever ``make`` makes with the random numbers that ``torch.manual_seed(seed)`` would give it."""
    with _OwnGenerator(torch.Generator().manual_seed(seed)):
        return make()
