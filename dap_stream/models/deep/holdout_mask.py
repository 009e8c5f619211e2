"""Cells of a spectrogram that a fit may not see, so that its error on them is an honest one.

One hole in each tile, somewhere in it. Neighbouring cells share noise, so a hole is wider than the
reach of that, and only its centre is asked about.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import Mask

TILE = 16  # frames and bins
REACH = 2  # frames and bins to either side of the centre: further off hardly any noise is shared


def holes(seed: int, first_frame: int, n_frames: int, n_bins: int) -> tuple[Mask, Mask]:
    """Centres of the holes and all that lies in them, both ``[frames, bins]``.

    ``first_frame`` is absolute: the same frames have the same holes in every block.
    """
    is_centre = np.zeros((n_frames, n_bins), np.bool_)
    is_hole = np.zeros((n_frames, n_bins), np.bool_)
    for tile in range(first_frame // TILE, -(-(first_frame + n_frames) // TILE)):
        rng = np.random.default_rng((seed, 2 * abs(tile) + (tile < 0)))
        inside = rng.integers(REACH, TILE - REACH, (-(-n_bins // TILE), 2))
        for i, (frame, bin_) in enumerate(inside):
            t, k = tile * TILE - first_frame + frame, i * TILE + bin_
            if 0 <= t < n_frames and k < n_bins:
                is_centre[t, k] = True
            is_hole[max(t - REACH, 0) : max(t + REACH + 1, 0), max(k - REACH, 0) : k + REACH + 1] = True
    return is_centre, is_hole
