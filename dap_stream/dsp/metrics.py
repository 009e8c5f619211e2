"""How near a sound is to the one without noise: SNR, SI-SDR and, where installed, PESQ and ESTOI."""

from __future__ import annotations

import math
import warnings
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import ShortTimeFFT, get_window, resample_poly

Samples: TypeAlias = npt.NDArray[np.float32 | np.float64]
Scores: TypeAlias = dict[str, float | None]
"""From each of `SCORES` to its value; None where it cannot be had."""

PESQ, ESTOI, SI_SDR = "pesq", "estoi", "si_sdr_db"
SCORES = (PESQ, ESTOI, SI_SDR)
PACKAGES = {PESQ: "pesq", ESTOI: "pystoi"}
PESQ_RATE = 16_000  # Hz, of wide band; there is no PESQ at other rates
_LSD_WINDOW_S, _LSD_FLOOR_DB = 0.032, -80.0
DIGITS = 6  # ESTOI adds noise in its last digits, so that the same sound would not get the same score


def snr_db(estimate: Samples, reference: Samples) -> float:
    """Energy of the reference over that of the difference in dB, both ``[samples]``.

    A perfect copy gives infinity, a silent reference minus infinity, and two silences give NaN.

    >>> round(snr_db(np.array([1.1, -1.1]), np.array([1.0, -1.0])), 6)
    20.0
    """
    wanted = np.asarray(reference, np.float64)
    return _ratio_db(wanted, np.asarray(estimate, np.float64) - wanted)


def si_sdr_db(estimate: Samples, reference: Samples) -> float:
    """Scale-invariant signal-to-distortion ratio in dB, both ``[samples]``; higher is better.

    What remains of the estimate after its projection on the reference is distortion (Le Roux et al. 2019,
    "SDR - half-baked or well done?"). Both means are taken away first, so that an offset, which nobody
    hears, counts as little as a change of level. A perfect copy gives infinity; if either sound is silent
    there is nothing to compare, which gives NaN.

    >>> reference = np.array([1.0, -1.0, 1.0, -1.0])
    >>> round(si_sdr_db(3.0 * reference + np.array([0.3, 0.3, -0.3, -0.3]) + 5.0, reference), 6)
    20.0
    """
    if np.ptp(reference) == 0.0 or np.ptp(estimate) == 0.0:  # less its mean it is silent, but for rounding
        return math.nan
    wanted = np.asarray(reference, np.float64) - np.mean(reference, dtype=np.float64)
    heard = np.asarray(estimate, np.float64) - np.mean(estimate, dtype=np.float64)
    target = wanted * (heard @ wanted / (wanted @ wanted))
    return _ratio_db(target, heard - target)


def _ratio_db(signal: npt.NDArray[np.float64], noise: npt.NDArray[np.float64]) -> float:
    """Of their energies: infinite where one of them is silent, NaN where both are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(10.0 * np.log10((signal @ signal) / (noise @ noise)))


def log_spectral_distance_db(estimate: Samples, reference: Samples, sample_rate: int) -> float:
    """Log-spectral distance in dB, both ``[samples]``; lower is better.

    Root mean square over frequency, mean over time, with a Hann window of 32 ms and a hop of 8 ms. Both
    powers are limited from below at 80 dB under the reference's loudest bin: without a limit digital silence
    would decide the result.
    """
    n_fft = round(_LSD_WINDOW_S * sample_rate)
    transform = ShortTimeFFT(get_window("hann", n_fft), hop=n_fft // 4, fs=sample_rate)
    wanted = np.abs(transform.stft(np.asarray(reference, np.float64))) ** 2
    power = np.abs(transform.stft(np.asarray(estimate, np.float64))) ** 2
    floor = max(float(wanted.max()) * 10.0 ** (_LSD_FLOOR_DB / 10.0), np.finfo(np.float64).tiny)
    distance = 10.0 * np.log10(np.maximum(wanted, floor) / np.maximum(power, floor))
    return float(np.mean(np.sqrt(np.mean(distance**2, axis=0))))


def missing_packages() -> list[str]:
    """Packages that would give more scores."""
    return [package for package in PACKAGES.values() if find_spec(package) is None]


def all_scores(estimate: Samples, reference: Samples, sample_rate: int) -> Scores:
    """Every score of ``estimate`` against ``reference``, both ``[samples]`` at ``sample_rate`` Hz."""
    heard, wanted = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    si_sdr = si_sdr_db(heard, wanted)
    scores = {
        PESQ: _pesq(heard, wanted, sample_rate),
        ESTOI: _estoi(heard, wanted, sample_rate),
        SI_SDR: si_sdr if math.isfinite(si_sdr) else None,
    }
    return {name: None if value is None else round(value, DIGITS) for name, value in scores.items()}


def _pesq(audio: Samples, reference: Samples, sample_rate: int) -> float | None:
    """Wide-band PESQ (ITU-T P.862.2), about 1 to 4.6; None where no speech is found."""
    if find_spec("pesq") is None or not audio.any():
        return None
    from pesq import PesqError, pesq

    try:
        return float(
            pesq(PESQ_RATE, _at_pesq_rate(reference, sample_rate), _at_pesq_rate(audio, sample_rate), "wb")
        )
    except PesqError:  # too short, or no utterance in it
        return None


def _at_pesq_rate(audio: Samples, sample_rate: int) -> Samples:
    common = math.gcd(PESQ_RATE, sample_rate)
    return np.asarray(resample_poly(audio, PESQ_RATE // common, sample_rate // common), np.float64)


def _estoi(audio: Samples, reference: Samples, sample_rate: int) -> float | None:
    """Extended STOI (Jensen & Taal 2016), up to 1; None where there is too little sound for it."""
    if find_spec("pystoi") is None or not audio.any():
        return None
    from pystoi import stoi

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            value = float(stoi(reference, audio, sample_rate, extended=True))
        except (RuntimeWarning, ValueError):
            return None
    return value if math.isfinite(value) else None
