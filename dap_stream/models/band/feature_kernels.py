"""Inner loops of the band features, compiled by numba. Arrays and numbers in, arrays out.

Each kernel has a plain NumPy twin of the same signature in `dap_stream.models.band.reference`.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, I64, Mask
from dap_stream.core.jit import kernel

N_PER_BAND = 5  # features of each band, in this order:
OVER_FLOOR, TONALITY, DIFFERENCE, LEVEL, HARMONICITY = range(N_PER_BAND)

MOST_TONALITY = 4.0
ROOT = 1.0 / 3.0  # of the power: peaks of harmonics stand out, and the loudest do not decide alone

_jit = kernel(fastmath={"contract", "reassoc", "nsz"})


@_jit
def band_energies(
    log_power: F32, first: I64, count: I64, weights: F32, log_energy: F32, tonality: F32
) -> None:
    """Log of the mean power in each band, and how far the mean of the log lies below it.

    ``log_power [frames, bins]`` to ``log_energy``, ``tonality [frames, bands]``. A band without weights gets
    0 in both.
    """
    n_frames, n_bins = log_power.shape
    power = np.empty(n_bins, np.float32)
    for t in range(n_frames):
        for k in range(n_bins):
            power[k] = np.exp(log_power[t, k])
        for b in range(len(first)):
            energy = np.float32(0.0)
            mean_log = np.float32(0.0)
            for i in range(count[b]):
                energy += weights[b, i] * power[first[b] + i]
                mean_log += weights[b, i] * log_power[t, first[b] + i]
            if energy > 0.0:
                log_energy[t, b] = np.log(energy)
                flatness = log_energy[t, b] - mean_log
                tonality[t, b] = min(max(flatness, np.float32(0.0)), np.float32(MOST_TONALITY))
            else:
                log_energy[t, b] = 0.0
                tonality[t, b] = 0.0


@_jit
def band_means(power: F32, first: I64, count: I64, weights: F32, out: F32) -> None:
    """Weighted mean of ``power [frames, bins]`` in each band: ``out [frames, bands]``."""
    for t in range(len(power)):
        for b in range(len(first)):
            total = np.float32(0.0)
            for i in range(count[b]):
                total += weights[b, i] * power[t, first[b] + i]
            out[t, b] = total


@_jit
def fine_structure(log_power: F32, half: int, out: F32) -> None:
    """Peaks and valleys: the cube root of the power over its mean in ``half`` bins around, less 1.

    ``log_power [frames, bins]`` to ``out`` of that shape.
    """
    n_frames, n_bins = log_power.shape
    total = np.zeros(n_bins + 1, np.float64)
    for t in range(n_frames):
        for k in range(n_bins):
            out[t, k] = np.exp(np.float32(ROOT) * log_power[t, k])
        running = 0.0
        for k in range(n_bins):
            running += out[t, k]
            total[k + 1] = running
        for k in range(n_bins):
            low, high = max(k - half, 0), min(k + half + 1, n_bins)
            mean = (total[high] - total[low]) / (high - low)
            out[t, k] = out[t, k] / mean - 1.0 if mean > 0.0 else 0.0


@_jit
def harmonicity(
    fine: F32,
    correlation: F32,
    most: F32,
    shortest: int,
    first: I64,
    count: I64,
    weights: F32,
    out: F32,
    strength: F32,
) -> None:
    """How well the fine structure of each band fits the harmonics of one pitch.

    ``correlation [frames, lags]`` of the fine structure, from lag 0 on; the pitch is its highest peak from
    lag ``shortest`` on, ``most [frames]`` what it would be if all of the structure fitted.
    ``out [frames, bands]`` is the correlation of ``fine [frames, bins]`` with a cosine
    that has its peaks at the harmonics, -1 to 1; ``strength [frames]`` is the height of the peak, 0 to 1.
    """
    n_frames, n_bins = fine.shape
    n_lags = correlation.shape[1]
    comb = np.empty(n_bins, np.float32)
    for t in range(n_frames):
        best, place = np.float32(0.0), 0
        for lag in range(shortest, n_lags - 1):
            # Multiples of the period are periods too: the shortest is the pitch.
            value = correlation[t, lag] * (np.float32(1.0) - np.float32(0.15 * lag / n_lags))
            is_peak = (
                correlation[t, lag] >= correlation[t, lag - 1]
                and correlation[t, lag] >= correlation[t, lag + 1]
            )
            if value > best and is_peak:
                best, place = value, lag
        if place == 0:
            strength[t] = 0.0
            out[t] = 0.0
            continue
        before, here, after = correlation[t, place - 1], correlation[t, place], correlation[t, place + 1]
        bend = before - np.float32(2.0) * here + after
        period = np.float32(place)
        if bend < 0.0:
            period += np.float32(0.5) * (before - after) / bend
        strength[t] = min(here / most[t], np.float32(1.0))
        # The lags are those of a spectrum of n_bins bins up to half its rate.
        turn = np.pi * period / (n_bins - 1)
        for k in range(n_bins):
            comb[k] = np.cos(np.float32(turn * k))
        for b in range(len(first)):
            product, size = np.float32(0.0), np.float32(1e-6)
            for i in range(count[b]):
                value = weights[b, i] * fine[t, first[b] + i]
                product += value * comb[first[b] + i]
                size += abs(value)
            out[t, b] = product / size


@_jit
def track(
    log_energy: F32,
    is_active: Mask,
    hop_s: float,
    floor: F32,
    before: F32,
    totals: F32,
    over_floor: F32,
    difference: F32,
    level: F32,
) -> None:
    """Energy of each band relative to its floor so far, the frame before, and the level so far.

    ``log_energy [frames, bands]``; the state ``floor [bands]`` (a low quantile), ``before [bands]`` and
    ``totals [2]`` (level, seconds heard) goes on from call to call. Digital silence changes nothing.
    """
    n_frames, n_bands = log_energy.shape
    for t in range(n_frames):
        if not is_active[t]:
            over_floor[t] = 0.0
            difference[t] = 0.0
            level[t] = 0.0
            continue
        mean = np.float32(0.0)
        for b in range(n_bands):
            mean += log_energy[t, b]
        mean /= n_bands
        if totals[1] == 0.0:
            totals[0] = mean
            for b in range(n_bands):
                floor[b] = before[b] = log_energy[t, b]
        totals[1] += hop_s
        # A quantile by small steps (Robbins & Monro 1951): large ones at first, in nats per second.
        rate = max(8.0, 12.0 / (totals[1] + 0.1)) * hop_s
        totals[0] += (mean - totals[0]) * max(hop_s / 3.0, hop_s / totals[1])
        for b in range(n_bands):
            above = log_energy[t, b] - floor[b]
            over_floor[t, b] = min(max(above, np.float32(-3.0)), np.float32(12.0))
            change = log_energy[t, b] - before[b]
            difference[t, b] = min(max(change, np.float32(-4.0)), np.float32(4.0))
            relative = log_energy[t, b] - totals[0]
            level[t, b] = min(max(relative, np.float32(-12.0)), np.float32(12.0))
            before[b] = log_energy[t, b]
            if above > 0.0:
                floor[b] += min(np.float32(0.15 * rate), above)
            else:
                floor[b] += max(np.float32(-0.85 * rate), above)
