"""Learn a show on Monday, keep what was learned, and start with it on Tuesday.

Without the profile the first seconds of a single pass are cleaned by the classical gain, until the generator
knows the room and the microphone.
"""

import tempfile
from pathlib import Path

import numpy as np

import dap_stream

RATE = 16000
SETTINGS = dap_stream.DenoiseSettings(passes=1, quality="fast")


def show(seed: int, seconds: int) -> tuple[dap_stream.Audio, dap_stream.Audio]:
    """Notes of a string, and the same in the noise of the room: both ``[1, samples]``."""
    rng, time = np.random.default_rng(seed), np.arange(seconds * RATE) / RATE
    pitches = np.repeat(rng.choice([220.0, 247.0, 277.0, 330.0], 2 * seconds), RATE // 2)
    notes = 0.3 * np.sin(2 * np.pi * np.cumsum(pitches) / RATE) * np.exp(-6.0 * (time % 0.5))
    return notes[np.newaxis], notes + 0.05 * rng.standard_normal((1, len(time)))


def snr_db(audio: dap_stream.Audio, reference: dap_stream.Audio) -> float:
    """Power of the reference over that of all that was added to it, in dB."""
    return float(10.0 * np.log10(np.sum(reference**2) / np.sum((audio - reference) ** 2)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "studio.npz")
        with dap_stream.ArraySource(show(seed=1, seconds=12)[1], RATE) as monday:
            dap_stream.save_profile(path, dap_stream.learn(monday, SETTINGS))
        profile = dap_stream.load_profile(path)
    clean, tuesday = show(seed=2, seconds=4)
    print(f"Tuesday, noisy: SNR {snr_db(tuesday, clean):.1f} dB")
    for words, known in (("from nothing", None), ("from Monday's profile", profile)):
        denoiser = dap_stream.Denoiser(RATE, 1, SETTINGS, known, learn=True)
        print(f"Tuesday, {words}: SNR {snr_db(denoiser(tuesday, RATE), clean):.1f} dB")
