"""`dap_stream.realtime.callback_kernel.exchange` again, slow and obvious: no rings, all is remembered."""

from __future__ import annotations

import numpy as np

from dap_stream.realtime.callback_kernel import FADE


class SlowExchange:
    """Input and published wet samples as growing lists, one column each; a sample at a time."""

    def __init__(self, latency: int, route_in: np.ndarray, route_out: np.ndarray) -> None:
        self.latency, self.route_in, self.route_out = latency, route_in, route_out
        self.dry: list[np.ndarray] = []
        self.wet: list[np.ndarray] = []
        self.wanted = self.mix = self.ready = 1.0
        self.late_samples = self.late_blocks = 0

    def publish(self, wet: np.ndarray) -> None:
        """``[channels, n]`` wet samples, after those that are there."""
        self.wet.extend(wet.T)

    def block(self, source: np.ndarray) -> np.ndarray:
        """``[inputs, n]`` in, ``[outputs, n]`` out."""
        position = len(self.dry)
        self.dry.extend((self.route_in @ source).T)
        late = 0
        columns = []
        for p in range(position, len(self.dry)):
            self.ready = self._step(self.ready, 1.0 if p + FADE <= len(self.wet) else 0.0)
            self.mix = self._step(self.mix, self.wanted)
            late += self.ready < 1.0
            early = p - self.latency
            dry = self.dry[early] if early >= 0 else np.zeros(len(self.route_in))
            wet = self.wet[p] if p < len(self.wet) else np.full(len(self.route_in), np.nan)
            weight = self.ready * self.mix
            columns.append(self.route_out @ (dry if weight == 0.0 else dry + weight * (wet - dry)))
        self.late_samples += late
        self.late_blocks += late > 0
        return np.array(columns).T

    @staticmethod
    def _step(value: float, target: float) -> float:
        return min(value + 1 / FADE, target) if value < target else max(value - 1 / FADE, target)
