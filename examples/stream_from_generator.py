"""Clean sound that comes piece by piece from a Python generator: a socket, a decoder, a synthesiser.

`process_buffers` leaves out the first ``latency`` samples and adds those that `flush` gives: its buffers
together are as long as the input and aligned with it. They come ``latency`` samples after their input.
"""

from collections.abc import Iterator

import numpy as np

import dap_stream

RATE = 16000


def buffers() -> Iterator[dap_stream.Audio]:
    """Three seconds of a tone in noise and one of noise alone, ``[1, n]``, in pieces of any length."""
    rng, position = np.random.default_rng(0), 0
    while position < 4 * RATE:
        n = min(int(rng.integers(100, 2000)), 4 * RATE - position)
        time = np.arange(position, position + n) / RATE
        tone = 0.3 * np.sin(2 * np.pi * 440 * time) * (time < 3.0)
        yield (tone + 0.05 * rng.standard_normal((1, n))).astype(np.float32)
        position += n


if __name__ == "__main__":
    denoiser = dap_stream.LiveDenoiser(RATE, 1, dap_stream.DenoiseSettings(steps=4))
    noisy = np.concatenate(list(buffers()), axis=1)
    clean = np.concatenate(list(dap_stream.process_buffers(denoiser, buffers())), axis=1)
    for name, audio in (("noisy", noisy), ("clean", clean)):
        noise_db = 20 * np.log10(audio[:, -RATE // 2 :].std())
        print(f"{name}: {audio.shape[1]} samples, noise at {noise_db:.0f} dB")
    print(f"each sample came out {denoiser.latency_ms:.0f} ms after it went in")
