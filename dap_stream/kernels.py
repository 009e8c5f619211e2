"""The inner loops, compiled by numba. Arrays and numbers in, arrays out; no settings, no state.

Each kernel has a plain NumPy twin of the same signature in `dap_stream.twins`. Kernels release the
GIL and are compiled once per machine (numba's on-disk cache).
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
C64 = npt.NDArray[np.complex64]
I64 = npt.NDArray[np.int64]

MIN_SNR = 10.0**-2.5  # -25 dB: below it a prior SNR says nothing any more

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


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
    """Mean over channels of the squared magnitude: ``[channels, frames, bins]`` to ``[frames, bins]``."""
    channels = spectrum.shape[0]
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            total = np.float32(0.0)
            for c in range(channels):
                value = spectrum[c, t, k]
                total += value.real * value.real + value.imag * value.imag
            out[t, k] = total / np.float32(channels)


@_jit
def apply_gain(spectrum: C64, gain: F32) -> None:
    """Multiply ``spectrum [channels, frames, bins]`` by ``gain [frames, bins]`` in place."""
    for c in range(spectrum.shape[0]):
        for t in range(gain.shape[0]):
            for k in range(gain.shape[1]):
                spectrum[c, t, k] *= gain[t, k]


@_jit
def integrate(image: F32, out: F64) -> None:
    """Integral image: ``out[i, j]`` is the sum of ``image[:i, :j]``; ``out`` has one row and column more."""
    out[0, :] = 0.0
    for i in range(image.shape[0]):
        row = 0.0
        out[i + 1, 0] = 0.0
        for j in range(image.shape[1]):
            row += image[i, j]
            out[i + 1, j + 1] = out[i, j + 1] + row


@_jit
def gather_surroundings(
    image: F32, integral: F64, cells: I64, boxes: I64, frames: I64, bins: I64, out: F32
) -> None:
    """What surrounds each point: single cells near it, means over boxes farther away.

    ``image [frames, bins]`` and its `integrate`; ``cells [n, 2]`` are offsets (frame, bin), ``boxes [m, 4]``
    offsets (first frame, last frame, first bin, last bin), ends included. Point p is at
    ``(frames[p], bins[p])`` of the image; ``out [points, n + m]``. All offsets must stay inside the image.
    """
    n_cells = cells.shape[0]
    for p in range(out.shape[0]):
        t = frames[p]
        k = bins[p]
        for i in range(n_cells):
            out[p, i] = image[t + cells[i, 0], k + cells[i, 1]]
        for i in range(boxes.shape[0]):
            t0 = t + boxes[i, 0]
            t1 = t + boxes[i, 1] + 1
            k0 = k + boxes[i, 2]
            k1 = k + boxes[i, 3] + 1
            total = integral[t1, k1] - integral[t0, k1] - integral[t1, k0] + integral[t0, k0]
            out[p, n_cells + i] = total / ((t1 - t0) * (k1 - k0))


@_jit
def gather_rows(
    image: F32,
    integral: F64,
    cells: I64,
    boxes: I64,
    first: int,
    n_rows: int,
    margin: int,
    n_bins: int,
    out: F32,
) -> None:
    """What `gather_surroundings` finds for all bins of ``n_rows`` frames from ``first`` on, in their order.

    Bins begin at ``margin`` of the image. ``out [n + m, n_rows n_bins]`` is laid out the other way round, so
    that each input is copied in one go.
    """
    for i in range(cells.shape[0]):
        for r in range(n_rows):
            t = first + r + cells[i, 0]
            k = margin + cells[i, 1]
            out[i, r * n_bins : (r + 1) * n_bins] = image[t, k : k + n_bins]
    for i in range(boxes.shape[0]):
        area = (boxes[i, 1] + 1 - boxes[i, 0]) * (boxes[i, 3] + 1 - boxes[i, 2])
        k0 = margin + boxes[i, 2]
        k1 = margin + boxes[i, 3] + 1
        for r in range(n_rows):
            above = integral[first + r + boxes[i, 0]]
            below = integral[first + r + boxes[i, 1] + 1]
            row = out[cells.shape[0] + i, r * n_bins : (r + 1) * n_bins]
            for j in range(n_bins):
                row[j] = (below[k1 + j] - above[k1 + j] - below[k0 + j] + above[k0 + j]) / area


@_jit
def _half_exponential_integral(v: float) -> float:
    """``E1(v) / 2`` for v > 0: Abramowitz & Stegun (1964), 5.1.53 below 1 and 5.1.56 above."""
    if v < 1.0:
        poly = -0.57721566 + v * (
            0.99999193 + v * (-0.24991055 + v * (0.05519968 + v * (-0.00976004 + v * 0.00107857)))
        )
        return 0.5 * (poly - math.log(v))
    if v > 50.0:
        return 0.0
    top = 0.2677737343 + v * (8.6347608925 + v * (18.0590169730 + v * (8.5733287401 + v)))
    bottom = 3.9584969228 + v * (21.0996530827 + v * (25.6329561486 + v * (9.5733223454 + v)))
    return 0.5 * math.exp(-v) / v * top / bottom


@_jit
def _lsa_and_presence(snr_prior: float, snr_post: float) -> tuple[float, float]:
    """Log of the LSA gain, and the probability that the wanted sound is there (even prior odds)."""
    share = snr_prior / (1.0 + snr_prior)
    v = max(min(snr_post * share, 500.0), 1e-6)
    log_gain = min(math.log(share) + _half_exponential_integral(v), 0.0)
    presence = 1.0 / (1.0 + (1.0 + snr_prior) * math.exp(-v))
    return log_gain, presence


@_jit
def omlsa_gain(
    log_expected: F32, log_noise: F32, power: F32, clean: F64, keep: float, log_floor: float, out: F32
) -> None:
    """OM-LSA gain (Cohen & Berdugo 2001) of each bin: ``LSA(xi, gamma)^p floor^(1 - p)``, at least the floor.

    ``gamma = power / noise``; p is the speech presence probability. xi is the mean of two estimates of the
    prior SNR whose errors have little in common: ``expected / noise - 1``, from the surroundings, and the
    decision-directed one, from the bin's own past: state ``clean [bins]`` (power of the last estimate),
    smoothing ``keep`` per frame. Arrays are ``[frames, bins]``; logarithms are natural, of powers, but
    ``log_floor``, which is of a gain.
    """
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            noise = math.exp(log_noise[t, k])
            snr_post = power[t, k] / noise
            expected = max(math.exp(min(log_expected[t, k] - log_noise[t, k], 50.0)) - 1.0, MIN_SNR)
            decided = max(keep * clean[k] / noise + (1.0 - keep) * max(snr_post - 1.0, 0.0), MIN_SNR)
            log_gain, presence = _lsa_and_presence(0.5 * (expected + decided), snr_post)
            log_gain = max(presence * log_gain + (1.0 - presence) * log_floor, log_floor)
            clean[k] = math.exp(2.0 * log_gain) * power[t, k]
            out[t, k] = math.exp(log_gain)


@_jit
def classical_gain(
    power: F32, noise: F64, presence: F64, clean: F64, keep: F64, log_floor: float, out: F32
) -> None:
    """SPP-MMSE noise tracking and decision-directed LSA, frame by frame; the three states are updated.

    ``power [frames, bins]`` to ``out [frames, bins]``. State per bin: ``noise`` psd, smoothed
    ``presence``, power of the last ``clean`` estimate. ``keep`` holds three smoothing factors per
    frame: of noise, presence and decision. Gerkmann & Hendriks 2012 (xi1 = 15 dB); Ephraim & Malah 1985.
    """
    snr_presence = 31.622776601683793
    share = snr_presence / (1.0 + snr_presence)
    for t in range(out.shape[0]):
        for k in range(out.shape[1]):
            p = power[t, k]
            ratio = min(p / noise[k], 500.0)
            here = 1.0 / (1.0 + (1.0 + snr_presence) * math.exp(-ratio * share))
            presence[k] = keep[1] * presence[k] + (1.0 - keep[1]) * here
            if presence[k] > 0.99:  # a bin taken for sound all the time would never be updated again
                here = min(here, 0.99)
            noise[k] = keep[0] * noise[k] + (1.0 - keep[0]) * ((1.0 - here) * p + here * noise[k])
            snr_post = p / noise[k]
            decided = keep[2] * clean[k] / noise[k] + (1.0 - keep[2]) * max(snr_post - 1.0, 0.0)
            snr_prior = max(decided, MIN_SNR)
            log_gain, _ = _lsa_and_presence(snr_prior, snr_post)
            clean[k] = math.exp(2.0 * log_gain) * p
            out[t, k] = math.exp(max(log_gain, log_floor))
