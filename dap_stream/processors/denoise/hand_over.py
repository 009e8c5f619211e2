"""From the classical gain, which knows no recording, to the learned one as that comes to be trusted."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32


def hand_over(classical: F32, learned: F32, trust: F32 | float) -> F32:
    """The geometric mean of two gains, weighted by ``trust`` in the learned one (0 to 1, of each frame)."""
    return np.asarray(classical ** (1.0 - trust) * learned**trust, np.float32)
