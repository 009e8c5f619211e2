"""When to stop a fit to a noisy image, without knowing the clean one: two rules that look on.

`MovingVariance` is ES-WMV (Wang et al. 2023, Early Stopping for Deep Image Prior): the images vary
least from step to step when the structure is there and the noise is not. The other rule looks at the
loss on cells that were never fitted (`dap_stream.models.deep.holdout_mask`). Both stop at a minimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]

WINDOW = 100  # images whose variance is taken
VARIANCE_PATIENCE = 1000  # iterations; window and patience as in the paper
HOLD_OUT_PATIENCE = 50  # iterations at least, and as many as it took to get to the minimum
LEAST_STRIDE = 4  # frames and bins between the cells that are looked at: neighbours move together
MOST_CELLS = 16_384  # so that a window of images takes 7 MB at most


class Minimum:
    """The smallest value so far, until it has not got smaller for some time; what comes later is not seen.

    It waits ``patience`` iterations, or ``relative`` times the iterations it took to get to the minimum
    if that is more.
    """

    def __init__(self, patience: int, relative: float = 0.0) -> None:
        self._patience, self._relative = patience, relative
        self.iteration: int | None = None
        self.value = math.inf
        self.stopped_at: int | None = None
        """Iteration at which the waiting was over."""

    def offer(self, iteration: int, value: float) -> bool:
        """Look at the next value; whether it is the smallest so far. NaN never is; after the stop none is."""
        if self.stopped_at is not None:
            return False
        if value < self.value:
            self.iteration, self.value = iteration, value
            return True
        if self.iteration is not None:
            wait = max(self._patience, self._relative * self.iteration)
            if iteration - self.iteration >= wait:
                self.stopped_at = iteration
        return False

    def state(self) -> dict[str, Any]:
        """All that it knows, as numbers."""
        return {"iteration": self.iteration, "value": self.value, "stopped_at": self.stopped_at}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.iteration, self.value = state["iteration"], state["value"]
        self.stopped_at = state["stopped_at"]


class MovingVariance:
    """Variance of the last ``window`` images, averaged over cells on a regular grid.

    Sums run along, so that an image costs the same whatever the window.
    """

    def __init__(self, shape: tuple[int, int], window: int = WINDOW) -> None:
        stride = max(LEAST_STRIDE, math.ceil(math.sqrt(shape[0] * shape[1] / MOST_CELLS)))
        self._grid = (slice(None, None, stride), slice(None, None, stride))
        n_cells = -(-shape[0] // stride) * -(-shape[1] // stride)
        self._last = np.zeros((window, n_cells), np.float32)
        self._sum, self._sum_of_squares = np.zeros((2, n_cells))
        self._n_seen = 0

    @property
    def value(self) -> float | None:
        """Of the images so far; None until the window is full."""
        window = len(self._last)
        if self._n_seen < window:
            return None
        mean = self._sum / window
        # Rounding may leave a little less than nothing where the images are all the same.
        return max(float(np.mean(self._sum_of_squares / window - mean**2)), 0.0)

    def push(self, image: F32) -> float | None:
        """Look at the next image ``[frames, bins]``; then as `value`."""
        row = self._n_seen % len(self._last)
        old, new = self._last[row].astype(np.float64), image[self._grid].ravel().astype(np.float64)
        self._sum += new - old
        self._sum_of_squares += new**2 - old**2
        self._last[row] = new
        self._n_seen += 1
        return self.value

    def state(self) -> dict[str, Any]:
        """All that it knows, as arrays of its own and a number."""
        return {
            "last": self._last.copy(),
            "sum": self._sum.copy(),
            "sum_of_squares": self._sum_of_squares.copy(),
            "n_seen": self._n_seen,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave; ValueError if it is of another window or size of image."""
        if state["last"].shape != self._last.shape:
            raise ValueError(f"images of shape {state['last'].shape} must be {self._last.shape}")
        self._last = state["last"].copy()
        self._sum, self._sum_of_squares = state["sum"].copy(), state["sum_of_squares"].copy()
        self._n_seen = state["n_seen"]
