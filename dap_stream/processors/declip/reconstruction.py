"""Reconstruction of clipped samples: the sparsest spectrum that agrees with all that is known.

Known are the reliable samples, and that a clipped one was beyond the ceiling. Each frame is solved by the
alternating direction method of A-SPADE (S. Kitic, N. Bertin, R. Gribonval: Sparsity and cosparsity for audio
declipping, LVA/ICA 2015; P. Zaviska, P. Rajmic, A. Ozerov, L. Rencker: A survey and an extensive evaluation
of popular audio declipping methods, IEEE J. Sel. Top. Signal Process. 15(1), 2021): the largest bins are
kept, some more in each step, until they agree with the samples. It differs in that frames are shorter,
without redundancy, and solved many at once.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from dap_stream.core.array_types import F32, F64

_MOST_STEPS = 600
_AGREES = 1e-2  # part of the norm of a frame in which kept bins and samples may differ
_MOST_GROWTH = 8.0  # times the largest sample of a frame
_MOST_AT_ONCE = 2**18  # samples, so that the arrays stay in the cache


def reconstruct(frames: F64, sides: NDArray[np.int8], n_more: int) -> tuple[F64, F64]:
    """Windowed frames with new samples where they were clipped.

    Parameters
    ----------
    frames
        ``[n, n_fft]``, windowed.
    sides
        Of the same shape: 1 for samples clipped above, -1 below, 0 for reliable ones.
    n_more
        Bins that each step keeps more than the one before; fewer take longer and come a little closer.

    Returns
    -------
    numpy.ndarray
        ``[n, n_fft]``: reliable samples are as they were, clipped ones are not smaller.
    numpy.ndarray
        ``[n]``, the share of bins that each needed: the fewer, the more there is to be said for it.
    """
    n_at_once = max(_MOST_AT_ONCE // frames.shape[1], 1)
    solved, share = np.empty_like(frames), np.empty(len(frames))
    for first in range(0, len(frames), n_at_once):
        part = slice(first, first + n_at_once)
        scale = np.abs(frames[part]).max(axis=1, keepdims=True)
        scale[scale == 0.0] = 1.0
        known = (frames[part] / scale).astype(np.float32)
        low = np.where(sides[part] < 0, np.float32(-_MOST_GROWTH), known)
        high = np.where(sides[part] > 0, np.float32(_MOST_GROWTH), known)
        found, share[part] = _solve(known, low, high, n_more)
        solved[part] = np.where(sides[part] == 0, frames[part], found * scale)
    return solved, share


def _solve(known: F32, low: F32, high: F32, n_more: int) -> tuple[F32, F64]:
    """Solution between ``low`` and ``high`` of each frame, and its share of bins."""
    n_fft = known.shape[1]
    n_bins = n_fft // 2 + 1
    n_steps = min(_MOST_STEPS, n_bins // n_more)
    solved, share = known.copy(), np.ones(len(known))
    spectrum = scipy.fft.rfft(known, axis=1)
    dual = np.zeros_like(spectrum)
    left = np.arange(len(known))
    for step in range(n_steps):
        kept = 1 + n_more * step
        wanted = spectrum + dual
        power = wanted.real**2 + wanted.imag**2
        least = np.partition(power, n_bins - kept, axis=1)[:, n_bins - kept, None]
        sparse = np.where(power >= least, wanted, np.complex64(0.0))
        samples = np.clip(scipy.fft.irfft(sparse - dual, n_fft, axis=1), low, high)
        spectrum = scipy.fft.rfft(samples, axis=1)
        apart = spectrum - sparse
        dual += apart
        is_done = _norm(apart) <= _AGREES * _norm(spectrum)
        if step == n_steps - 1:
            is_done[:] = True
        if is_done.any():
            solved[left[is_done]], share[left[is_done]] = samples[is_done], kept / n_bins
            goes_on = ~is_done
            left, spectrum, dual = left[goes_on], spectrum[goes_on], dual[goes_on]
            low, high = low[goes_on], high[goes_on]
            if not len(left):
                break
    return solved, share


def _norm(spectra: NDArray[np.complex64]) -> F32:
    return np.asarray(np.sqrt((spectra.real**2 + spectra.imag**2).sum(axis=1)))
