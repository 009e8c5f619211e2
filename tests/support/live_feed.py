"""A device for tests, without a device: it feeds a duplex buffer and keeps what comes back."""

from __future__ import annotations

import numpy as np
from live_signals import noise

from dap_stream.core.array_types import F32
from dap_stream.realtime.duplex_buffer import DuplexBuffer


class Feed:
    """Blocks of one long noise in, all output kept."""

    def __init__(self, duplex: DuplexBuffer, size: int, n_blocks: int) -> None:
        self.duplex, self.size, self.block = duplex, size, 0
        self.audio = noise(duplex.channels, size * n_blocks)
        self.out = np.full_like(self.audio, np.nan)

    def run(self, n_blocks: int) -> None:
        """The next blocks; nobody works meanwhile."""
        for _ in range(n_blocks):
            columns = slice(self.block * self.size, (self.block + 1) * self.size)
            self.duplex.exchange(self.audio[:, columns], self.out[:, columns])
            self.block += 1

    def share(self, begin: int, end: int) -> F32:
        """Output / input at the declared latency, for output blocks ``begin`` to ``end``: 0.5 wet, 1 dry."""
        first, last = begin * self.size, end * self.size
        late = self.duplex.latency
        return np.asarray(self.out[:, first:last] / self.audio[:, first - late : last - late])
