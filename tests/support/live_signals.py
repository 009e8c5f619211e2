"""Processors for tests of the live transport: what is wet and what is dry can be seen."""

from __future__ import annotations

import time

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processors import Delay


class Half(Delay):
    """The input, later, at exactly half its size: wet and dry differ, and both are exact in float32."""

    def process(self, buffer: Audio) -> Audio:
        return super().process(buffer) * buffer.dtype.type(0.5)

    def flush(self) -> Audio:
        return super().flush() * 0.5


class Slow(Half):
    """Needs ``seconds`` for each call as long as ``is_slow``."""

    def __init__(self, latency: int, channels: int, seconds: float) -> None:
        super().__init__(latency, channels)
        self.seconds, self.is_slow = seconds, True

    def process(self, buffer: Audio) -> Audio:
        if self.is_slow:
            time.sleep(self.seconds)
        return super().process(buffer)


class Broken(Delay):
    """Raises at the first call after ``n_good`` of them."""

    def __init__(self, n_good: int) -> None:
        super().__init__(0)
        self.n_good = n_good

    def process(self, buffer: Audio) -> Audio:
        self.n_good -= 1
        if self.n_good < 0:
            raise ZeroDivisionError("planted")
        return super().process(buffer)


def noise(channels: int, n_samples: int, seed: int = 0) -> np.ndarray:
    """``[channels, n_samples]`` float32, different in every sample, never 0."""
    rng = np.random.default_rng(seed)
    sign = rng.choice((-1.0, 1.0), (channels, n_samples))
    return (sign * rng.uniform(0.01, 0.3, (channels, n_samples))).astype(np.float32)
