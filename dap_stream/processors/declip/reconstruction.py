"""Reconstruction of clipped samples: the sparsest spectrum that agrees with all that is known.

Known are the reliable samples, and that a clipped one was beyond the ceiling. Frames are solved by ADMM as in
A-SPADE (P. Zaviska, P. Rajmic, O. Mokry, Z. Prusa: A proper version of synthesis-based sparse audio
declipper, ICASSP 2019, and the survey of declipping by the same and A. Ozerov, IEEE J. Sel. Top. Signal
Process. 15(1), 2021), with shorter frames, no redundancy within them, and a number of kept bins that grows
geometrically, from very few to half of them, in a fixed number of steps: many frames go at once.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from dap_stream.core.array_types import F32, F64

_FIRST_KEPT = 8
_LAST_KEPT = 0.5  # of the bins
N_STEPS = {"fast": 40, "normal": 120, "best": 300}
_MOST_GROWTH = 8.0  # times the largest sample of a frame


def reconstruct(frames: F64, sides: NDArray[np.int8], effort: str) -> F64:
    """Windowed frames with new samples where they were clipped.

    Parameters
    ----------
    frames
        ``[n, n_fft]``, windowed.
    sides
        Of the same shape: 1 for samples clipped above, -1 below, 0 for reliable ones.
    effort
        fast, normal or best.

    Returns
    -------
    numpy.ndarray
        ``[n, n_fft]``; reliable samples are as they were, clipped ones are not smaller.
    """
    scale = np.abs(frames).max(axis=1, keepdims=True)
    scale[scale == 0.0] = 1.0
    known = (frames / scale).astype(np.float32)
    low = np.where(sides < 0, np.float32(-_MOST_GROWTH), known)
    high = np.where(sides > 0, np.float32(_MOST_GROWTH), known)
    solved = _admm(known, low, high, N_STEPS[effort])
    return np.where(sides == 0, frames, solved * scale)


def _admm(known: F32, low: F32, high: F32, n_steps: int) -> F32:
    n_fft = known.shape[1]
    n_bins = n_fft // 2 + 1
    last = max(_LAST_KEPT * n_bins, _FIRST_KEPT)
    solved, spectrum = known, scipy.fft.rfft(known, axis=1)
    dual = np.zeros_like(spectrum)
    for step in range(n_steps):
        kept = round(_FIRST_KEPT * (last / _FIRST_KEPT) ** (step / (n_steps - 1)))
        wanted = spectrum + dual
        power = wanted.real**2 + wanted.imag**2
        least = np.partition(power, n_bins - kept, axis=1)[:, n_bins - kept, None]
        sparse = np.where(power >= least, wanted, np.complex64(0.0))
        solved = np.clip(scipy.fft.irfft(sparse - dual, n_fft, axis=1), low, high)
        spectrum = scipy.fft.rfft(solved, axis=1)
        dual += spectrum - sparse
    return solved
