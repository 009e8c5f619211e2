"""How near a sound is to the one without noise: SNR, SI-SDR and, where installed, PESQ and ESTOI."""

from __future__ import annotations

import math
import warnings
from importlib.util import find_spec
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

Samples: TypeAlias = npt.NDArray[np.float32 | np.float64]
Scores: TypeAlias = dict[str, float | None]
"""From each of `SCORES` to its value; None where it cannot be had."""

PESQ, ESTOI, SI_SDR = "pesq", "estoi", "si_sdr_db"
SCORES = (PESQ, ESTOI, SI_SDR)
PACKAGES = {PESQ: "pesq", ESTOI: "pystoi"}
PESQ_RATE = 16_000  # Hz, of wide band; there is no PESQ at other rates
DIGITS = 6  # ESTOI adds noise in its last digits, so that the same sound would not get the same score


def snr_db(audio: Samples, reference: Samples) -> float:
    """Energy of the reference over that of the difference, both ``[samples]``.

    >>> round(snr_db(np.array([1.1, -1.1]), np.array([1.0, -1.0])), 6)
    20.0
    """
    return float(10.0 * np.log10(np.sum(reference**2) / np.sum((audio - reference) ** 2)))


def si_sdr_db(audio: Samples, reference: Samples) -> float:
    """The same after the reference is scaled to fit best: a change of level does not count."""
    return snr_db(audio, reference * (np.dot(audio, reference) / np.dot(reference, reference)))


def missing_packages() -> list[str]:
    """Packages that would give more scores."""
    return [package for package in PACKAGES.values() if find_spec(package) is None]


def all_scores(audio: Samples, reference: Samples, sample_rate: int) -> Scores:
    """Every score of ``audio`` against ``reference``, both ``[samples]`` at ``sample_rate`` Hz."""
    heard, wanted = np.asarray(audio, np.float64), np.asarray(reference, np.float64)
    found = {
        PESQ: _pesq(heard, wanted, sample_rate),
        ESTOI: _estoi(heard, wanted, sample_rate),
        SI_SDR: _finite_si_sdr_db(heard, wanted),
    }
    return {name: None if value is None else round(value, DIGITS) for name, value in found.items()}


def _finite_si_sdr_db(audio: Samples, reference: Samples) -> float | None:
    """None for silence and for a perfect copy, whose logarithms are infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = si_sdr_db(audio, reference)
    return value if math.isfinite(value) else None


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
