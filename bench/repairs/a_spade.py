"""A plain A-SPADE, as in the survey of Zaviska, Rajmic, Ozerov and Rencker (2021), with its settings."""

from __future__ import annotations

import numpy as np

from bench.repairs.signals import Samples

FRAME, STEP, REDUNDANCY = 8192, 2048, 2  # at 44.1 kHz
ENDS_AT = 0.1  # norm of the difference


def a_spade(clipped: Samples, ceiling: float, sample_rate: int) -> Samples:
    """Clipped samples at ``+-ceiling`` reconstructed in frames that keep their length in seconds."""
    scale = 2.0 ** np.round(np.log2(sample_rate / 44100.0))
    n_fft, step = int(FRAME * scale), int(STEP * scale)
    taper = np.hanning(n_fft + 1)[:-1]
    audio = np.pad(clipped, (n_fft, n_fft + step))
    summed, weight = np.zeros_like(audio), np.zeros_like(audio)
    for begin in range(0, len(audio) - n_fft + 1, step):
        inside = slice(begin, begin + n_fft)
        summed[inside] += taper * _solve(audio[inside], ceiling, taper)
        weight[inside] += taper**2
    return np.asarray((summed / np.maximum(weight, 1e-9))[n_fft:][: len(clipped)])


def _solve(frame: Samples, ceiling: float, taper: Samples) -> Samples:
    is_high, is_low = frame >= ceiling * (1.0 - 1e-9), frame <= -ceiling * (1.0 - 1e-9)
    known, bound = taper * frame, taper * ceiling
    if not (is_high | is_low).any():
        return known
    n_bins, scale = REDUNDANCY * len(frame), np.sqrt(REDUNDANCY * len(frame))
    low = np.where(is_high, bound, np.where(is_low, -np.inf, known))
    high = np.where(is_low, -bound, np.where(is_high, np.inf, known))
    samples, spectrum = known, np.fft.rfft(known, n_bins) / scale
    dual = np.zeros_like(spectrum)
    for kept in range(1, len(spectrum) + 1):
        wanted = spectrum + dual
        size = np.abs(wanted)
        sparse = np.where(size >= np.partition(size, -kept)[-kept], wanted, 0.0)
        samples = np.clip(np.fft.irfft((sparse - dual) * scale, n_bins)[: len(frame)], low, high)
        spectrum = np.fft.rfft(samples, n_bins) / scale
        if np.sqrt(2.0) * np.linalg.norm(spectrum - sparse) <= ENDS_AT:
            break
        dual += spectrum - sparse
    return np.asarray(samples)
