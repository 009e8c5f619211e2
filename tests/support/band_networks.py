"""Band networks that nobody taught, and sounds to show them: the same at every sample rate."""

from __future__ import annotations

import numpy as np
import torch

from dap_stream.core.array_types import F32
from dap_stream.dsp.features import log_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.band.network import BandNetwork


def random_network(seed: int = 0) -> BandNetwork:
    """Weights as they are before teaching."""
    torch.manual_seed(seed)
    return BandNetwork().requires_grad_(False)


def random_weights(seed: int = 0) -> dict[str, F32]:
    """Those of `random_network`, by name."""
    return {name: value.numpy() for name, value in random_network(seed).state_dict().items()}


def hum_and_hiss(sample_rate: int, seconds: float, seed: int = 0) -> F32:
    """A gliding hum that comes and goes and sines at random places, all below 8 kHz ``[samples]``."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * sample_rate)) / sample_rate
    phase = 2.0 * np.pi * (140.0 * t + 25.0 * t**2)
    hum = sum(np.sin(n * phase) / n for n in range(1, 25))
    sound = 0.05 * hum * (1.0 + np.sin(2.0 * np.pi * 3.0 * t)) / 2.0
    for frequency, turn in zip(rng.uniform(20.0, 7900.0, 500), rng.uniform(0.0, 6.3, 500), strict=True):
        sound += 0.001 * np.sin(2.0 * np.pi * frequency * t + turn)
    return np.asarray(sound, np.float32)


def observed(audio: F32, sample_rate: int, window_ms: float) -> F32:
    """Log power of the frames that lie in ``audio`` as a whole ``[frames, bins]``."""
    spec = StftSpec.for_rate(sample_rate, window_ms)
    spectrum = spec.spectrum(audio, spec.observation)
    return log_power(np.asarray(np.abs(spectrum) ** 2, np.float32))
