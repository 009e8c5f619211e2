"""Rows in the order they came, the newest ones side by side in memory."""

from __future__ import annotations

import numpy as np

from dap_stream.kernels import F32


class History:
    """The last ``n_rows`` of a stream of rows ``[bins]``; before the first ones there is silence (``fill``).

    Twice the room is taken, so that what is wanted is always in one piece and is moved once in ``n_rows``.
    """

    def __init__(self, n_rows: int, n_bins: int, fill: float) -> None:
        self._rows = np.full((2 * n_rows, n_bins), fill, np.float32)
        self._n_rows = self._end = n_rows
        self.n_seen = 0

    def push(self, row: F32) -> None:
        """Append the newest."""
        if self._end == len(self._rows):
            self._rows[: self._n_rows] = self._rows[-self._n_rows :]
            self._end = self._n_rows
        self._rows[self._end] = row
        self._end += 1
        self.n_seen += 1

    def last(self, n_rows: int) -> F32:
        """The newest ``[n_rows, bins]``, a view that the next `push` may change."""
        return self._rows[self._end - n_rows : self._end]
