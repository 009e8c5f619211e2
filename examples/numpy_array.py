"""Clean an array, as in a notebook: one call, and numbers from before and after.

The array may be ``[samples]`` or ``[channels, samples]``; the result has the same shape and type. Every
setting of `DenoiseSettings` is a keyword.
"""

import numpy as np
import numpy.typing as npt

import dap_stream

RATE = 16000


def snr_db(audio: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Power of the reference over that of all that was added to it, in dB."""
    wanted, added = np.asarray(reference), np.asarray(audio) - np.asarray(reference)
    return float(10.0 * np.log10(np.sum(wanted**2) / np.sum(added**2)))


# A chord that comes and goes, and the same in noise.
time = np.arange(4 * RATE) / RATE
chord = sum(0.1 * np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.2, 329.6))
clean = (chord * (np.sin(2 * np.pi * 0.7 * time) > 0)).astype(np.float32)
noisy = clean + 0.05 * np.random.default_rng(0).standard_normal(len(clean)).astype(np.float32)

print(f"noisy: SNR {snr_db(noisy, clean):.1f} dB")
for reduction_db in (6.0, 24.0):
    result = dap_stream.denoise(noisy, RATE, reduction_db=reduction_db, quality="fast", steps=60)
    print(f"reduction_db={reduction_db:g}: SNR {snr_db(result, clean):.1f} dB")
