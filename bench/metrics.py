"""How good is an estimate `[n_samples]` of a clean signal `[n_samples]`, both at `sample_rate` Hz.

PESQ, ESTOI and DNSMOS come from the libraries that others use too (pesq, pystoi, speechmos). PESQ and DNSMOS
are measured at 16 kHz, to which the audio is resampled; pystoi resamples to 10 kHz by itself. SI-SDR and LSD
are measured at the audio's own rate.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bench.audio import resample
from dap_stream.dsp import metrics as dsp_metrics

Audio = NDArray[np.floating]

SPEECH_RATE = 16000


def si_sdr_db(clean: Audio, estimate: Audio, sample_rate: int = 0) -> float:
    """`dap_stream.dsp.metrics.si_sdr_db`, called like all others here: the clean signal comes first."""
    return dsp_metrics.si_sdr_db(estimate, clean)


def log_spectral_distance_db(clean: Audio, estimate: Audio, sample_rate: int) -> float:
    """`dap_stream.dsp.metrics.log_spectral_distance_db`, the clean signal first."""
    return dsp_metrics.log_spectral_distance_db(estimate, clean, sample_rate)


def pesq_wb(clean: Audio, estimate: Audio, sample_rate: int) -> float:
    """Wide-band PESQ (ITU-T P.862.2), 1 to 4.64, higher is better; nan where it finds no speech."""
    import pesq

    reference = resample(clean, sample_rate, SPEECH_RATE).astype(np.float32)
    degraded = resample(estimate, sample_rate, SPEECH_RATE).astype(np.float32)
    try:
        return float(pesq.pesq(SPEECH_RATE, reference, degraded, "wb"))
    except pesq.NoUtterancesError:
        return float("nan")


def estoi(clean: Audio, estimate: Audio, sample_rate: int) -> float:
    """Extended short-time objective intelligibility, up to 1, higher is better. Jensen and Taal, 2016."""
    import pystoi

    return float(
        pystoi.stoi(clean.astype(np.float64), estimate.astype(np.float64), sample_rate, extended=True)
    )


def dnsmos(clean: Audio, estimate: Audio, sample_rate: int) -> float:
    """DNSMOS P.835, overall score 1 to 5, higher is better: a network's guess at listeners' votes.

    It hears only the estimate; `clean` is not used.
    """
    from speechmos import dnsmos as model

    audio = np.clip(resample(estimate, sample_rate, SPEECH_RATE), -1.0, 1.0).astype(np.float32)
    return float(model.run(audio, SPEECH_RATE)["ovrl_mos"])


METRICS: dict[str, Callable[[Audio, Audio, int], float]] = {
    "PESQ": pesq_wb,
    "ESTOI": estoi,
    "SI-SDR": si_sdr_db,
    "LSD": log_spectral_distance_db,
    "DNSMOS": dnsmos,
}
DIGITS = {"PESQ": 2, "ESTOI": 3, "SI-SDR": 1, "LSD": 1, "DNSMOS": 2}
