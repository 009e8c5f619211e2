"""Where networks run."""

from __future__ import annotations

import torch

from dap_stream.errors import DeviceError


def device_name(wanted: str) -> str:
    """``cuda`` if there is one and it is not unwanted, else ``cpu``; DeviceError if asked for in vain."""
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device=cuda was asked for, but there is no CUDA GPU here; use device=auto or cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"
