"""Changes of timbre that apply to any voice."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter, resample_poly

from dap_stream.core.array_types import F32


def tilted(audio: F32, amount: float) -> F32:
    """A gentle slope over the spectrum: positive amounts up to 0.9 make bright, negative ones dull.

    Parameters
    ----------
    audio : F32
        ``[samples]``.
    amount : float
        -0.9 to 0.9.

    Returns
    -------
    F32
    """
    if amount >= 0:
        slanted: F32 = lfilter([1.0, -amount], [1.0], audio).astype(np.float32)
    else:
        slanted = lfilter([1.0 + amount], [1.0, amount], audio).astype(np.float32)
    return slanted


def shifted(audio: F32, factor: float) -> F32:
    """All frequencies times about ``factor``, played accordingly faster.

    Parameters
    ----------
    audio : F32
        ``[samples]``.
    factor : float
        0.5 to 2; taken in steps of a 64th.

    Returns
    -------
    F32
    """
    played: F32 = resample_poly(audio, 64, max(round(64 * factor), 1)).astype(np.float32)
    return played


def breathy(rng: np.random.Generator, audio: F32, level: float) -> F32:
    """Add high-passed noise that follows the envelope.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of all randomness.
    audio : F32
        ``[samples]``.
    level : float
        RMS relative to that of the voice.

    Returns
    -------
    F32
    """
    envelope = np.sqrt(np.maximum(uniform_filter1d(np.square(audio), 320), 0.0))
    noise = lfilter([0.7, -0.5], [1.0], rng.standard_normal(audio.size, dtype=np.float32))
    airy: F32 = (audio + level * envelope * noise).astype(np.float32)
    return airy


def saturated(audio: F32, drive: float) -> F32:
    """Round the peaks: ``drive`` is how far they go over the knee.

    Parameters
    ----------
    audio : F32
        ``[samples]``.
    drive : float
        0.1 is next to nothing, 3 is plain distortion.

    Returns
    -------
    F32
    """
    top = np.float32(max(float(np.abs(audio).max(initial=0.0)), 1e-9))
    rounded: F32 = np.tanh(audio * np.float32(drive) / top) * (top / np.float32(np.tanh(drive)))
    return rounded
