"""Filters that stay as they are."""

from __future__ import annotations

import numpy as np
from scipy import signal

from dap_stream.core.array_types import F32, F64
from dap_stream.education.synthesis.maker import SAMPLE_RATE


def band_pass(sound: F32, low: float, high: float, order: int = 2) -> F32:
    """Keep a band of frequencies.

    Parameters
    ----------
    sound : F32
        The sound, ``[samples]``.
    low, high : float
        Its edges in Hz; 0, or 8000 and more, where there is none.
    order : int, optional
        The steepness of the edges.

    Returns
    -------
    F32
        The band, ``[samples]``.
    """
    top = 0.49 * SAMPLE_RATE
    if low <= 0.0 and high >= top:
        return sound
    if low <= 0.0:
        sos = signal.butter(order, high, "lowpass", fs=SAMPLE_RATE, output="sos")
    elif high >= top:
        sos = signal.butter(order, min(low, 0.9 * top), "highpass", fs=SAMPLE_RATE, output="sos")
    else:
        sos = signal.butter(order, (low, max(high, 1.05 * low)), "bandpass", fs=SAMPLE_RATE, output="sos")
    out: F32 = signal.sosfilt(sos, sound).astype(np.float32)
    return out


def high_pass(frequencies_hz: F64, limit_hz: float, order: float) -> F64:
    """Gain of a Butterworth filter that falls by 6 dB an octave and order below its limit."""
    return 1.0 / np.sqrt(1.0 + (limit_hz / np.maximum(frequencies_hz, 1.0)) ** (2.0 * order))
