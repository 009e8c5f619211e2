"""Features of a frame, for the band network: a few numbers for each band, from this frame and earlier ones.

Nothing here depends on how the frames come in blocks, on the sample rate or on the level of the recording.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

from dap_stream.core.array_types import F32
from dap_stream.dsp.bands import N_BANDS, Bands
from dap_stream.dsp.features import active_frames
from dap_stream.models.band import feature_kernels
from dap_stream.models.band.feature_kernels import (
    DIFFERENCE,
    HARMONICITY,
    LEVEL,
    N_PER_BAND,
    OVER_FLOOR,
    TONALITY,
)

N_SHARED = 4  # strength of the pitch, hop, time heard, what is wanted
N_FEATURES = N_BANDS * N_PER_BAND + N_SHARED
SCALES = (4.0, 2.0, 2.0, 6.0, 0.5)  # of the features of a band: what they are divided by
PITCH_HZ = (75.0, 450.0)
PITCH_TOP_HZ = 4000.0  # above it harmonics move too fast to be told apart
SMOOTHED_HZ = 300.0  # to either side: wider than the harmonics of a high voice are apart
TAUGHT_HOP_S = 0.012


def band_power(bands: Bands, power: F32) -> F32:
    """Mean power in each band: ``[frames, bins]`` to ``[frames, N_BANDS]``."""
    out = np.empty((len(power), N_BANDS), np.float32)
    feature_kernels.band_means(power, bands.first, bands.count, bands.weights, out)
    return out


class BandFeatures:
    """Features of one lane, frame by frame; the state goes on from call to call.

    Parameters
    ----------
    bands
        Of the STFT.
    n_fft
        Its length.
    sample_rate
        Hz.
    hop_s
        Seconds between frames.
    keeps_voice
        Whether only voices are wanted; otherwise any sound.
    """

    def __init__(self, bands: Bands, n_fft: int, sample_rate: int, hop_s: float, keeps_voice: bool) -> None:
        self._bands, self._hop_s, self.keeps_voice = bands, hop_s, keeps_voice
        width = sample_rate / n_fft
        self._half = max(round(SMOOTHED_HZ / width), 2)
        self._n_pitch = min(round(PITCH_TOP_HZ / width), bands.n_bins)
        rate = 2.0 * (bands.n_bins - 1) * width  # of a signal whose spectrum these bins are
        self._lags = (int(rate / PITCH_HZ[1]), min(int(rate / PITCH_HZ[0]) + 2, bands.n_bins - 1))
        self.reset()

    def reset(self) -> None:
        """As before the first frame."""
        self._floor = np.zeros(N_BANDS, np.float32)
        self._before = np.zeros(N_BANDS, np.float32)
        self._totals = np.zeros(2, np.float32)  # level, seconds heard

    def advance(self, log_observed: F32) -> F32:
        """Log of the newest power in the Hann window ``[frames, bins]`` to ``[frames, N_FEATURES]``."""
        bands = self._bands
        log_power = np.ascontiguousarray(log_observed[:, : bands.n_bins])
        n_frames = len(log_power)
        out = np.zeros((n_frames, N_FEATURES), np.float32)
        if not n_frames:
            return out
        per_band = np.empty((N_PER_BAND, n_frames, N_BANDS), np.float32)
        log_energy = np.empty((n_frames, N_BANDS), np.float32)
        edges = (bands.first, bands.count, bands.weights)
        feature_kernels.band_energies(log_power, *edges, log_energy, per_band[TONALITY])
        is_active = active_frames(log_observed)
        first_s = self._totals[1]
        feature_kernels.track(
            log_energy,
            is_active,
            self._hop_s,
            self._floor,
            self._before,
            self._totals,
            per_band[OVER_FLOOR],
            per_band[DIFFERENCE],
            per_band[LEVEL],
        )
        strength = np.empty(n_frames, np.float32)
        self._harmonicity(log_power, per_band[HARMONICITY], strength)
        per_band /= np.array(SCALES, np.float32)[:, None, None]
        per_band[:, ~is_active] = 0.0
        per_band[:, :, bands.n_present :] = 0.0
        out[:, :-N_SHARED] = per_band.transpose(1, 0, 2).reshape(n_frames, -1)
        out[:, -4] = np.where(is_active, strength, 0.0)
        out[:, -3] = np.log2(self._hop_s / TAUGHT_HOP_S)
        out[:, -2] = np.exp(-(first_s + self._hop_s * np.cumsum(is_active)))
        out[:, -1] = self.keeps_voice
        return out

    def _harmonicity(self, log_power: F32, out: F32, strength: F32) -> None:
        fine = np.empty_like(log_power)
        feature_kernels.fine_structure(log_power, self._half, fine)
        low = fine.copy()
        low[:, self._n_pitch :] = 0.0
        correlation = np.asarray(scipy.fft.irfft(low, axis=1)[:, : self._lags[1]], np.float32)
        most = np.abs(low).sum(axis=1) / np.float32(low.shape[1] - 1) + np.float32(1e-9)
        bands = self._bands
        feature_kernels.harmonicity(
            fine,
            np.ascontiguousarray(correlation),
            most,
            self._lags[0],
            bands.first,
            bands.count,
            bands.weights,
            out,
            strength,
        )
