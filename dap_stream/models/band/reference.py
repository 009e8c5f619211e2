"""The kernels of `band` again, slow and obvious: what the fast ones are tested against."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32, F64, I64, Mask
from dap_stream.models.band.feature_kernels import MOST_TONALITY


def _bins(first: I64, count: I64, band: int) -> slice:
    return slice(int(first[band]), int(first[band] + count[band]))


def band_energies(
    log_power: F32, first: I64, count: I64, weights: F32, log_energy: F32, tonality: F32
) -> None:
    """`dap_stream.models.band.feature_kernels.band_energies`."""
    log_energy[:] = tonality[:] = 0.0
    for b in range(len(first)):
        weight = weights[b, : count[b]].astype(np.float64)
        if weight.any():
            row = log_power[:, _bins(first, count, b)].astype(np.float64)
            log_mean = np.log(np.exp(row) @ weight)
            log_energy[:, b] = log_mean
            tonality[:, b] = np.clip(log_mean - row @ weight, 0.0, MOST_TONALITY)


def band_means(power: F32, first: I64, count: I64, weights: F32, out: F32) -> None:
    """`dap_stream.models.band.feature_kernels.band_means`."""
    for b in range(len(first)):
        out[:, b] = power[:, _bins(first, count, b)] @ weights[b, : count[b]]


def fine_structure(log_power: F32, half: int, out: F32) -> None:
    """`dap_stream.models.band.feature_kernels.fine_structure`."""
    root = np.exp(log_power.astype(np.float64) / 3.0)
    for k in range(root.shape[1]):
        around = root[:, max(k - half, 0) : k + half + 1]
        out[:, k] = root[:, k] / around.mean(axis=1) - 1.0


def _pitch_lag(correlation: F64, shortest: int) -> int:
    """Lag of the highest peak, the longer the lower; 0 if there is none above 0."""
    n_lags = len(correlation)
    best, place = 0.0, 0
    for lag in range(shortest, n_lags - 1):
        before, here, after = correlation[lag - 1 : lag + 2]
        height = here * (1.0 - 0.15 * lag / n_lags)
        if here >= max(before, after) and height > best:
            best, place = height, lag
    return place


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
    """`dap_stream.models.band.feature_kernels.harmonicity`; the peak is that of a fitted parabola."""
    n_bins = fine.shape[1]
    out[:] = strength[:] = 0.0
    for t, row in enumerate(correlation.astype(np.float64)):
        place = _pitch_lag(row, shortest)
        if not place:
            continue
        strength[t] = min(row[place] / most[t], 1.0)
        square, slope, _ = np.polyfit((-1.0, 0.0, 1.0), row[place - 1 : place + 2], 2)
        period = place - (slope / (2.0 * square) if square < -1e-12 else 0.0)
        comb = np.cos(np.pi * period * np.arange(n_bins) / (n_bins - 1))
        for b in range(len(first)):
            bins = _bins(first, count, b)
            weighted = weights[b, : count[b]].astype(np.float64) * fine[t, bins]
            out[t, b] = (weighted @ comb[bins]) / (np.abs(weighted).sum() + 1e-6)


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
    """`dap_stream.models.band.feature_kernels.track`."""
    over_floor[:] = difference[:] = level[:] = 0.0
    for t in np.flatnonzero(is_active):
        energy = log_energy[t].astype(np.float64)
        if totals[1] == 0.0:
            floor[:] = before[:] = energy
            totals[0] = energy.mean()
        totals[1] += hop_s
        totals[0] += (energy.mean() - totals[0]) * hop_s / min(totals[1], 3.0)
        over_floor[t] = np.clip(energy - floor, -3.0, 12.0)
        difference[t] = np.clip(energy - before, -4.0, 4.0)
        level[t] = np.clip(energy - totals[0], -12.0, 12.0)
        rate = max(8.0, 12.0 / (totals[1] + 0.1)) * hop_s
        floor += np.clip(energy - floor, -0.85 * rate, 0.15 * rate)  # up in 15 parts of 100, down in 85
        before[:] = energy


def gated_recurrence(inputs: F32, weights: F32, bias: F32, state: F32, out: F32) -> None:
    """`dap_stream.models.band.recurrent_kernels.gated_recurrence`."""
    for t, row in enumerate(inputs.astype(np.float64)):
        given = np.split(row, 3)
        fed_back = np.split(weights.astype(np.float64) @ state + bias, 3)
        reset, update = (1.0 / (1.0 + np.exp(-(given[i] + fed_back[i]))) for i in range(2))
        candidate = np.tanh(given[2] + reset * fed_back[2])
        out[t] = state[:] = (1.0 - update) * candidate + update * state


def fuse(
    gain: F32, band_gain: F32, position: F32, n_present: int, below: float, above: float, least: float
) -> None:
    """`dap_stream.models.band.fusion_kernels.fuse`."""
    for t in range(len(gain)):
        coarse = np.maximum(np.interp(position, np.arange(n_present), band_gain[t, :n_present]), least)
        weight = np.where(coarse < gain[t], below, above)
        gain[t] = gain[t] ** (1.0 - weight) * coarse**weight
