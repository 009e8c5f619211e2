"""Where the `context` generator looks: the surroundings of a bin, the bin itself left out.

Frames two hops apart overlap by half, and their noise is nearly independent in a Hann window; bins
within 2 of each other share noise. So nothing nearer than two frames, or than three bins in the same
frame, may be looked at: a network that sees the noise of a bin learns to predict it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from dap_stream.core.array_types import F32, I64
from dap_stream.models.context import gather_kernels
from dap_stream.models.context.mlp_kernels import Matrix, predict_rows

GRID = 2  # frames between two that overlap by half
NEAR_BINS = 6
HOLE_BINS = 2
SIDE_BINS = 12
BEFORE, MARGIN = 58, 97  # frames before the first that is predicted, bins beside it: the farthest look
_PAST = ((-9, -2), (-25, -10), (-58, -26))
_SIDES = ((SIDE_BINS, 32), (33, 96))


@dataclass(frozen=True)
class ReceptiveField:
    """Offsets to what is looked at: ``cells [n, 2]`` (frame, bin), and ``boxes [m, 4]`` (first and last
    frame, first and last bin), whose means are taken. The farther, the larger.
    """

    cells: I64
    boxes: I64

    @property
    def n_inputs(self) -> int:
        """Numbers for each point."""
        return len(self.cells) + len(self.boxes)


@cache
def receptive_field(lookahead: int) -> ReceptiveField:
    """Field with ``lookahead`` later frames of the grid. One buys what later frames have to give."""
    wide = range(-NEAR_BINS, NEAR_BINS + 1)
    steps = (-4, -3, -2, -1, *range(1, lookahead + 1))
    cells = [(GRID * step, k) for step in steps for k in wide]
    cells += [(0, k) for k in range(-SIDE_BINS, SIDE_BINS + 1) if abs(k) > HOLE_BINS]
    boxes = [(first, last, -half, half) for first, last in _PAST for half in (0, 3, 12)]
    boxes += [(t, t, -half, half) for t in (-GRID, GRID)[: 1 + min(lookahead, 1)] for half in (16, 48)]
    boxes += [(0, 0, *side) for low, high in _SIDES for side in ((low, high), (-high, -low))]
    return ReceptiveField(np.array(cells, np.int64), np.array(boxes, np.int64))


class Surroundings:
    """The inputs for points of one log power spectrogram ``image [frames, bins]``."""

    def __init__(self, image: F32, field: ReceptiveField) -> None:
        self.image = image
        # Below 0 Hz and above half the rate a real signal's spectrum goes on mirrored. In its own frame
        # a bin near the edge would meet itself in that mirror: there the frame before stands in.
        n_frames, self._n_bins = image.shape
        mirror = np.pad(np.arange(self._n_bins), MARGIN, mode="reflect")
        self._mirrored = np.empty((2 * n_frames - BEFORE, len(mirror)), np.float32)
        mirrored, own_frame = self._mirrored[:n_frames], self._mirrored[n_frames:]
        np.take(image, mirror, axis=1, out=mirrored, mode="clip")
        own_frame[:] = mirrored[BEFORE:]
        for edge in (np.s_[:, :MARGIN], np.s_[:, -MARGIN:]):
            own_frame[edge] = mirrored[edge][BEFORE - GRID : n_frames - GRID]
        self._cells, self._boxes = field.cells.copy(), field.boxes.copy()
        self._cells[field.cells[:, 0] == 0, 0] = n_frames - BEFORE  # look them up in the second part
        self._boxes[field.boxes[:, 0] == 0, :2] = n_frames - BEFORE
        self._n_inputs = field.n_inputs
        self._integral = np.empty((self._mirrored.shape[0] + 1, self._mirrored.shape[1] + 1))
        gather_kernels.integrate(self._mirrored, self._integral)

    def at(self, frames: I64, bins: I64) -> F32:
        """Inputs ``[points, inputs]`` of the points at ``(frames, bins)``, from frame BEFORE on."""
        out = np.empty((len(frames), self._n_inputs), np.float32)
        gather_kernels.gather_surroundings(
            self._mirrored, self._integral, self._cells, self._boxes, frames, bins + MARGIN, out
        )
        return out

    def rows(self, frames: I64) -> F32:
        """Inputs ``[frames, inputs, bins]`` of every other bin of the frames."""
        out = np.empty((len(frames), self._n_inputs, self._n_bins // 2 + 1), np.float32)
        for frame, row in zip(frames, out, strict=True):
            gather_kernels.gather_row(
                self._mirrored, self._integral, self._cells, self._boxes, frame, MARGIN, row.shape[1], row
            )
        return out

    def predicted(self, frames: I64, matrices: tuple[Matrix, Matrix, Matrix]) -> F32:
        """Prediction of the network from `rows`: ``[frames, bins]``."""
        out = np.empty((len(frames), self._n_bins // 2 + 1), np.float32)
        predict_rows(self._mirrored, self._integral, self._cells, self._boxes, frames, MARGIN, *matrices, out)
        return out
