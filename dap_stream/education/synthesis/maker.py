"""The promise that every made-up sound keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dap_stream.core.array_types import F32

SAMPLE_RATE = 16_000  # Hz of all made-up sounds

MakeSound: TypeAlias = Callable[[np.random.Generator, int], F32]
"""Makes up a sound of one kind, another one each time: ``(rng, n_samples) -> [n_samples]``.

One channel at `SAMPLE_RATE`, with an RMS of 0.05 to 0.1 where it is active (less if it is sparse) and no peak
of 1 or above. All of it comes from ``rng``: the same state of that and the same length (at least 1)
give the same samples. A function of this type says in its docstring only what it sounds like.
"""
