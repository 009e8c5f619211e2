"""Features: the log power of the channels together, or of each, over a noise floor."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import C64, F32, Mask
from dap_stream.dsp import stft_kernels
from dap_stream.dsp.stft import StftSpec

TINY = 1e-20  # added to a power before its logarithm
LEAST_LOG_POWER = float(np.log(1e-16))  # a frame with no bin above this is digital silence
WHITE_RANGE = (-7.0, 14.0)  # natural log of power over the floor: what lies beyond says no more


def lane_power(spectrum: C64, is_linked: bool) -> F32:
    """``[channels, frames, bins]`` to power ``[lanes, frames, bins]``.

    Linked channels are one lane, the mean of their powers; otherwise each channel is a lane.
    """
    groups = spectrum[None] if is_linked else spectrum[:, None]
    power = np.empty((len(groups), *spectrum.shape[1:]), np.float32)
    for group, out in zip(groups, power, strict=True):
        stft_kernels.mean_power(np.ascontiguousarray(group), out)
    return power


def log_power(power: F32) -> F32:
    """Natural logarithm that is finite in silence."""
    return np.asarray(np.log(power + np.float32(TINY)), np.float32)


def observed_log_power(spec: StftSpec, audio: F32) -> F32:
    """Log power ``[frames, bins]`` of whole frames of ``[channels, samples]``, channels together."""
    spectrum = np.stack([spec.spectrum(channel, spec.observation) for channel in audio])
    return log_power(lane_power(spectrum, is_linked=True)[0])


def active_frames(log_observed: F32) -> Mask:
    """Which frames of ``[frames, bins]`` are more than digital silence."""
    return np.asarray(log_observed.max(axis=1) > LEAST_LOG_POWER)


def level_above(log_floor: F32, is_known: Mask) -> F32:
    """``log_floor [bins]`` that goes on above the last known bin, at the mean of a quarter octave below."""
    n_known = int(np.flatnonzero(is_known)[-1]) + 1 if is_known.any() else len(log_floor)
    out = log_floor.copy()
    if n_known < len(log_floor):
        out[n_known:] = log_floor[int(n_known * 2.0**-0.25) : n_known].mean()
    return out


def whiten(log_observed: F32, is_active: Mask, log_floor: F32) -> F32:
    """Log power over the floor ``[frames, bins]``; silence looks like noise at its floor."""
    white = np.clip(log_observed - log_floor, *WHITE_RANGE)
    white[~is_active] = 0.0
    return np.asarray(white, np.float32)
