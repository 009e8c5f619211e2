"""Samples whose spectrogram is as wanted, beside samples that are known.

Griffin & Lim (1984), with the known samples put back in each round, so that phases grow into the gap from
both sides.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

from dap_stream.core.array_types import F32
from dap_stream.dsp import stft_kernels
from dap_stream.dsp.stft import StftSpec

_TINY = np.float32(1e-12)


def fill_by_magnitude(
    spec: StftSpec, audio: F32, missing: range, first_frame: int, magnitude: F32, n_rounds: int
) -> F32:
    """Samples for ``missing``, so that the frames that touch them come near to ``magnitude``.

    Parameters
    ----------
    spec
        Geometry. Frame t begins at sample ``t hop`` of ``audio``.
    audio
        ``[samples]``, with a first guess in the gap, from which the phases start.
    missing
        The gap.
    first_frame, magnitude
        First frame that touches the gap, and what it and all others that do ``[frames, bins]`` are to have in
        the window `StftSpec.analysis`.
    n_rounds
        More of them come nearer.

    Returns
    -------
    numpy.ndarray
        ``[samples of the gap]``.
    """
    begin, n_samples = first_frame * spec.hop, spec.n_fft + (len(magnitude) - 1) * spec.hop
    piece = audio[begin : begin + n_samples].copy()
    gap = slice(missing.start - begin, missing.stop - begin)
    frames = np.empty((len(magnitude), spec.n_fft), np.float32)
    for _ in range(n_rounds):
        stft_kernels.window_frames(piece, spec.analysis, spec.hop, frames)
        spectrum = scipy.fft.rfft(frames, axis=1)
        spectrum *= magnitude / np.maximum(np.abs(spectrum), _TINY)
        made = np.zeros(n_samples, np.float32)
        stft_kernels.overlap_add(spec.frames(spectrum), spec.synthesis, spec.hop, made)
        piece[gap] = made[gap]  # complete there: no other frame touches it
    return piece[gap].copy()
