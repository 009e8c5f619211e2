"""Where networks run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from dap_stream.core.array_types import F32, I64
from dap_stream.errors import DeviceError


def device_name(wanted: str) -> str:
    """``cuda`` if there is one and it is not unwanted, else ``cpu``; DeviceError if asked for in vain."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device=cuda was asked for, but there is no CUDA GPU here; use device=auto or cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def torch_device(name: str) -> torch.device:
    """``cpu``, or that GPU which is the current one of the calling thread: other threads work on it too."""
    return torch.device("cuda", torch.cuda.current_device()) if name == "cuda" else torch.device(name)


def in_batches(work: Callable[[I64], F32], items: I64) -> list[F32]:
    """``work(items)``, in halves of halves where the memory of the device does not hold more at a time."""
    try:
        return [work(items)]
    except torch.OutOfMemoryError as error:
        if len(items) < 2:
            raise DeviceError(
                "the GPU has no memory for a single frame; close what else uses it, or use device=cpu"
            ) from error
    torch.cuda.empty_cache()
    return [part for half in np.array_split(items, 2) for part in in_batches(work, half)]
