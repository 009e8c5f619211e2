"""Inner loops of the STFT, compiled by numba. Arrays and numbers in, arrays out; no settings, no state.

Each kernel has a plain NumPy twin of the same signature in `dap_stream.dsp.reference`. Kernels release the
GIL and are compiled once per machine (`dap_stream.core.jit`).
"""

from __future__ import annotations

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import C64, F32

MAX_POWER = 1e30  # of full scale

_jit = jit.kernel()


@_jit
def window_frames(audio: F32, window: F32, hop: int, out: F32) -> None:
    """Cut ``audio [samples]`` into frames and taper them: ``out[t, i] = audio[t hop + i] window[i]``.

    ``out`` is ``[frames, n_fft]``; ``audio`` holds at least ``(frames - 1) hop + n_fft`` samples.
    """
    for t in range(out.shape[0]):
        begin = t * hop
        for i in range(out.shape[1]):
            out[t, i] = audio[begin + i] * window[i]


@_jit
def overlap_add(frames: F32, window: F32, hop: int, out: F32) -> None:
    """Taper ``frames [frames, n_fft]`` and add them into ``out [samples]``, frame t from sample ``t hop``."""
    for t in range(frames.shape[0]):
        begin = t * hop
        for i in range(frames.shape[1]):
            out[begin + i] += frames[t, i] * window[i]


@_jit
def mean_power(spectrum: C64, out: F32) -> None:
    """Mean over channels of the squared magnitude: ``[channels, frames, bins]`` to ``[frames, bins]``.

    At most `MAX_POWER`, so that an absurd sample stays a number.
    """
    channels, most = spectrum.shape[0], np.float32(MAX_POWER)
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            total = np.float32(0.0)
            for c in range(channels):
                value = spectrum[c, t, k]
                total += value.real * value.real + value.imag * value.imag
            out[t, k] = min(total / np.float32(channels), most)


@_jit
def apply_gain(spectrum: C64, gain: F32) -> None:
    """Multiply ``spectrum [channels, frames, bins]`` by ``gain [frames, bins]`` in place."""
    for c in range(spectrum.shape[0]):
        for t in range(gain.shape[0]):
            for k in range(gain.shape[1]):
                spectrum[c, t, k] *= gain[t, k]
