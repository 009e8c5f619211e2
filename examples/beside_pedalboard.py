"""Put the denoiser beside a pedalboard chain, block by block in one buffer, aligned to the sample.

Needs pedalboard (pip install pedalboard). A Pedalboard takes no processor written in Python, so the two stand
beside each other: what one gives, the other takes.
"""

import numpy as np
from pedalboard import Compressor, Gain, Pedalboard

from dap_stream import DenoiseSettings, LiveDenoiser

RATE, SECONDS, BLOCK = 48000, 3, 480

rng = np.random.default_rng(0)
time = np.arange(RATE * SECONDS) / RATE
sound = (0.3 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * time) > 0)).astype(np.float32)
noisy = np.stack([sound, sound]) + (0.03 * rng.standard_normal((2, len(sound)))).astype(np.float32)

settings = DenoiseSettings(generator="classical", reduction_db=20.0)
denoiser = LiveDenoiser(RATE, channels=2, settings=settings)
board = Pedalboard([Compressor(threshold_db=-20.0, ratio=2.0), Gain(gain_db=6.0)])


def stream(audio: np.ndarray) -> np.ndarray:
    """Through both, in the host's own buffers; the latency is taken off at the start and given at the end."""
    late = np.concatenate([audio, np.zeros((2, denoiser.latency), np.float32)], axis=1)
    for start in range(0, late.shape[1], BLOCK):
        block = late[:, start : start + BLOCK]
        denoiser.process(block, out=block)  # in place
        block[:] = board.process(block, RATE, reset=start == 0)
    denoiser.reset()
    return late[:, denoiser.latency :]


result = stream(noisy)
assert result.shape == noisy.shape

# Aligned to the sample: the best match is where nothing is shifted.
shifts = range(-50, 51)
match = [float(np.dot(np.roll(result[0], -shift), sound)) for shift in shifts]
assert shifts[int(np.argmax(match))] == 0

pause = (np.sin(2 * np.pi * time) < 0) & (time > 1.6)
gain_db = 20 * np.log10(np.std(result[0, pause]) / np.std(noisy[0, pause]))
print(f"{denoiser.latency_ms:.0f} ms late, whatever the blocks; noise {gain_db:+.1f} dB in the pauses")
