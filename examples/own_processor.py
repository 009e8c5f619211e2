"""A processor of your own in a chain with the denoiser: a notch for hum, which the denoiser would keep.

`dap_stream.Processor` says what each of its methods promises; test_own_processor.py shows how to test them.
A processor outside the package is used from Python, as here: `--chain` knows only those of the registry.
"""

import numpy as np
from scipy.signal import iirnotch, lfilter

import dap_stream

RATE = 16000


class HumNotch:
    """Takes ``hum_hz`` out. The filter's state is all that a stream leaves behind."""

    latency = 0
    _state: dap_stream.Audio

    def __init__(self, stream: dap_stream.StreamFormat, hum_hz: float = 50.0) -> None:
        self._channels = stream.channels
        self._coefficients = iirnotch(hum_hz, 10.0, stream.sample_rate)
        self.reset()

    def process(self, buffer: dap_stream.Audio) -> dap_stream.Audio:
        out, self._state = lfilter(*self._coefficients, buffer, axis=1, zi=self._state)
        return np.asarray(out, buffer.dtype)

    def flush(self) -> dap_stream.Audio:
        self.reset()
        return np.zeros((self._channels, 0), np.float32)

    def reset(self) -> None:
        self._state = np.zeros((self._channels, 2))


def hum_db(audio: dap_stream.Audio) -> float:
    wave = np.exp(-2j * np.pi * 50.0 * np.arange(audio.shape[1]) / RATE)
    return float(20 * np.log10(2 * np.abs(audio @ wave).mean() / audio.shape[1]))


if __name__ == "__main__":
    hum = 0.2 * np.sin(2 * np.pi * 50.0 * np.arange(4 * RATE) / RATE)
    noisy = hum + 0.03 * np.random.default_rng(0).standard_normal((2, len(hum)))
    settings = dap_stream.DenoiseSettings(passes=1, steps=4, low_cut_hz=0.0)
    notch = HumNotch(dap_stream.StreamFormat(RATE, channels=2))
    chain = dap_stream.Chain([notch, dap_stream.Denoiser(RATE, 2, settings)])
    print(f"hum: {hum_db(noisy):.0f} dB, then {hum_db(dap_stream.process_array(chain, noisy)):.0f} dB")
