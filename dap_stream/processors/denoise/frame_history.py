"""Rows in the order they came, the newest ones side by side in memory."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32


class FrameHistory:
    """The last ``n_rows`` of a stream of rows ``[bins]``; before the first ones there is silence (``fill``).

    What `last` gave never changes: another thread may take its time with it. Two arrays have room for twice
    as many rows; each row goes into both where they overlap, so that none is ever moved.
    """

    def __init__(self, n_rows: int, n_bins: int, fill: float) -> None:
        self._n_rows = self._end = n_rows
        self._rows, self._next = self._room(n_bins), self._room(n_bins)
        self._rows[:n_rows] = fill
        self.n_seen = 0

    def _room(self, n_bins: int) -> F32:
        return np.empty((2 * self._n_rows, n_bins), np.float32)

    def push(self, row: F32) -> None:
        """Append the newest."""
        if self._end == len(self._rows):
            self._rows, self._next = self._next, self._room(self._rows.shape[1])
            self._end = self._n_rows
        self._rows[self._end] = row
        self._next[self._end - self._n_rows] = row
        self._end += 1
        self.n_seen += 1

    def last(self, n_rows: int) -> F32:
        """The newest ``[n_rows, bins]``, up to as many as are kept."""
        return self._rows[self._end - n_rows : self._end]
