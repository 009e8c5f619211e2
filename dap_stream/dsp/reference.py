"""The kernels again, in plain NumPy and SciPy: slow, obvious, and what the fast ones are tested against."""

from __future__ import annotations

import numpy as np
from scipy.special import exp1

from dap_stream.core.array_types import C64, C128, F32, F64, I64
from dap_stream.dsp.gain_kernels import MIN_SNR
from dap_stream.dsp.line_kernels import LEAST_POWER, SOFT
from dap_stream.dsp.stft_kernels import MAX_POWER


def window_frames(audio: F32, window: F32, hop: int, out: F32) -> None:
    """`dap_stream.dsp.stft_kernels.window_frames`."""
    slices = np.lib.stride_tricks.sliding_window_view(audio, out.shape[1])[::hop]
    out[:] = slices[: out.shape[0]] * window


def overlap_add(frames: F32, window: F32, hop: int, out: F32) -> None:
    """`dap_stream.dsp.stft_kernels.overlap_add`."""
    for t, frame in enumerate(frames):
        out[t * hop : t * hop + len(frame)] += frame * window


def mean_power(spectrum: C64, out: F32) -> None:
    """`dap_stream.dsp.stft_kernels.mean_power`."""
    out[:] = np.minimum(np.mean(np.abs(spectrum) ** 2, axis=0), MAX_POWER)


def apply_gain(spectrum: C64, gain: F32) -> None:
    """`dap_stream.dsp.stft_kernels.apply_gain`."""
    spectrum *= gain


def _log_lsa(snr_prior: F64, snr_post: F64) -> F64:
    share = snr_prior / (1.0 + snr_prior)
    v = np.clip(snr_post * share, 1e-6, 500.0)
    return np.asarray(np.minimum(np.log(share) + 0.5 * exp1(v), 0.0), np.float64)


def omlsa_gain(
    log_expected: F32, log_noise: F32, power: F32, clean: F32, keep: float, log_floor: float, out: F32
) -> None:
    """`dap_stream.dsp.gain_kernels.omlsa_gain`."""
    for t in range(len(out)):
        noise = np.exp(log_noise[t].astype(np.float64))
        snr_post = power[t] / noise
        expected = np.exp(np.minimum(log_expected[t].astype(np.float64) - log_noise[t], 46.0)) - 1.0
        decided = keep * clean / noise + (1.0 - keep) * np.maximum(snr_post - 1.0, 0.0)
        snr_prior = (np.maximum(expected, MIN_SNR) + np.maximum(decided, MIN_SNR)) / 2.0
        v = np.clip(snr_post * snr_prior / (1.0 + snr_prior), 1e-6, 500.0)
        presence = 1.0 / (1.0 + (1.0 + snr_prior) * np.exp(-v))
        log_gain = presence * _log_lsa(snr_prior, snr_post) + (1.0 - presence) * log_floor
        out[t] = np.exp(np.maximum(log_gain, log_floor))
        clean[:] = out[t].astype(np.float64) ** 2 * power[t]


def classical_gain(
    power: F32, noise: F32, presence: F32, clean: F32, keep: F64, log_floor: float, out: F32
) -> None:
    """`dap_stream.dsp.gain_kernels.classical_gain`."""
    snr_presence = 10.0**1.5
    share = snr_presence / (1.0 + snr_presence)
    for t, frame in enumerate(power.astype(np.float64)):
        here = 1.0 / (1.0 + (1.0 + snr_presence) * np.exp(-np.minimum(frame / noise, 500.0) * share))
        presence[:] = keep[1] * presence + (1.0 - keep[1]) * here
        here = np.where(presence > 0.99, np.minimum(here, 0.99), here)
        noise[:] = keep[0] * noise + (1.0 - keep[0]) * ((1.0 - here) * frame + here * noise)
        snr_post = frame / noise
        decision = keep[2] * clean / noise + (1.0 - keep[2]) * np.maximum(snr_post - 1.0, 0.0)
        log_gain = _log_lsa(np.maximum(decision, MIN_SNR), snr_post)
        clean[:] = np.exp(2.0 * log_gain) * frame
        out[t] = np.exp(np.maximum(log_gain, log_floor))


def true_peaks(audio: F64, filters: F64, floor: float, out: F64) -> None:
    """`dap_stream.dsp.true_peak_kernels.true_peaks`, also where it is not above ``floor``."""
    around = np.lib.stride_tricks.sliding_window_view(audio, filters.shape[1], axis=1)
    here = around[:, :, filters.shape[1] // 2 - 1]
    between = around @ filters.T
    out[:] = np.maximum(np.abs(here), np.abs(between).max(axis=2, initial=0.0)).max(axis=0)


def release(need: I64, decay: float, held: int, out: I64) -> None:
    """`dap_stream.dsp.limiter_kernels.release`."""
    for i, needed in enumerate(need):
        held = max(int(needed), int(held * decay))
        out[i] = held


def robust_means(values: C128, taper: F64, knots: I64, n_rounds: int, means: C128, noise: F64) -> None:
    """`dap_stream.dsp.line_kernels.robust_means`."""
    half = len(taper) // 2
    padded = np.pad(values, ((0, 0), (half, half)))
    inside = np.pad(np.ones(values.shape[1]), half)
    for k, knot in enumerate(knots):
        weight = taper * inside[knot : knot + len(taper)]
        near = padded[:, knot : knot + len(taper)]
        is_inside = inside[knot : knot + len(taper)] > 0.0
        mean = np.average(near, axis=1, weights=weight)
        for turn in range(n_rounds + 1):
            apart = np.abs(near - mean[:, None]) ** 2
            middle = np.median(apart[:, is_inside], axis=1) + LEAST_POWER
            if turn < n_rounds:
                weights = weight / (apart + SOFT * middle[:, None])
                mean = np.sum(near * weights, axis=1) / np.sum(weights, axis=1)
        means[:, k], noise[:, k] = mean, middle


def add_tones(amplitudes: C128, phases: F64, hop: int, out: F64) -> None:
    """`dap_stream.dsp.line_kernels.add_tones`."""
    knots = np.arange(amplitudes.shape[1]) * hop
    places = np.arange(len(out))
    for amplitude, phase in zip(amplitudes, phases, strict=True):
        at = np.interp(places, knots, amplitude.real) + 1j * np.interp(places, knots, amplitude.imag)
        out += 2.0 * (at * np.exp(1j * np.interp(places, knots, phase))).real
