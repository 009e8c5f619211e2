"""The gain of bands brought to the gain of bins, compiled by numba. Arrays and numbers in, arrays out."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.jit import kernel

_jit = kernel()


@_jit
def fuse(
    gain: F32, band_gain: F32, position: F32, n_present: int, below: float, above: float, least: float
) -> None:
    """Turn ``gain [frames, bins]`` into its geometric mean with that of the bands, in place.

    ``band_gain [frames, bands]`` goes in straight lines from band to band; ``position [bins]`` is the place
    of a bin among them, of which the first ``n_present`` are there. The gain of a band has the weight
    ``below``, 0 to 1, where it is the smaller one, otherwise ``above``. None gets below ``least``.
    """
    for t in range(gain.shape[0]):
        for k in range(gain.shape[1]):
            place = min(position[k], np.float32(n_present - 1))
            lower = min(int(place), n_present - 2)
            fraction = place - np.float32(lower)
            coarse = band_gain[t, lower] + fraction * (band_gain[t, lower + 1] - band_gain[t, lower])
            coarse = max(coarse, np.float32(least))
            fine = gain[t, k]
            weight = below if coarse < fine else above
            if weight == 0.5:
                gain[t, k] = np.sqrt(fine * coarse)
            else:
                gain[t, k] = fine * (coarse / fine) ** np.float32(weight) if fine > 0.0 else fine
