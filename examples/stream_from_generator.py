"""Clean sound that comes piece by piece from a Python generator: a socket, a decoder, a synthesiser.

As many samples come out for each buffer as went in, ``latency`` samples late. Without the first ``latency``
samples, and with those that `flush` gives, the result is as long as the input and aligned with it.
"""

from collections.abc import Iterator

import numpy as np

import dap_stream

RATE = 16000


def buffers() -> Iterator[dap_stream.Audio]:
    """Four seconds of a tone in noise, ``[1, n]``, in pieces of any length."""
    rng, position = np.random.default_rng(0), 0
    while position < 4 * RATE:
        n = min(int(rng.integers(100, 2000)), 4 * RATE - position)
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(position, position + n) / RATE)
        yield (tone + 0.05 * rng.standard_normal((1, n))).astype(np.float32)
        position += n


if __name__ == "__main__":
    denoiser = dap_stream.LiveDenoiser(RATE, 1, dap_stream.DenoiseSettings(steps=4))
    n_in = sum(buffer.shape[1] for buffer in buffers())
    n_out = sum(buffer.shape[1] for buffer in dap_stream.process_buffers(denoiser, buffers()))
    print(f"{n_in} samples in, {n_out} out, each {denoiser.latency_ms:.0f} ms after it came in")
