"""A sound with every kind of damage: who has repaired it has compiled all that damage may ask for.

Kernels are compiled when they are first called, which takes seconds; in a live stream damage may come at any
time, and has to find them compiled.
"""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.processor import Processor
from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.registry import PROCESSORS

_SECONDS, _SPOILT_S = (
    12.0,
    5.0,
)  # hum is certain after 8, the limit of a band after some that have nothing else
_MOST_CHANNELS = 2  # more of them need no other kernels


def damaged_sound(stream: StreamFormat) -> F32:
    """Noise that comes and goes, with hum, a limit, and in its first seconds flat tops, clicks and gaps.

    Parameters
    ----------
    stream
        Sample rate and channels.

    Returns
    -------
    numpy.ndarray
        ``[channels, samples]``.
    """
    rng, rate = np.random.default_rng(0), stream.sample_rate
    n_samples = round(_SECONDS * rate)
    spectrum = np.fft.rfft(rng.standard_normal((stream.channels, n_samples)))
    hertz = np.fft.rfftfreq(n_samples, 1.0 / rate)
    spectrum[:, hertz > 0.2 * rate] = 0.0
    spectrum /= 1.0 + (hertz / 500.0) ** 2  # as sounds are: softer the higher
    sound = np.fft.irfft(spectrum, n_samples)
    sound *= 0.1 / np.std(sound)
    time_s = np.arange(n_samples) / rate
    sound *= 0.6 + 0.4 * np.sin(2.0 * np.pi * 1.5 * time_s)
    for harmonic in range(1, 6):
        sound += 0.02 * np.sin(2.0 * np.pi * 50.0 * harmonic * time_s + harmonic)
    spoilt = sound[:, : round(_SPOILT_S * rate)]
    np.clip(spoilt, -0.12, 0.12, out=spoilt)
    for at_s, seconds in ((1.3, 0.02), (2.6, 0.15)):
        spoilt[:, round(at_s * rate) : round((at_s + seconds) * rate)] = 0.0
    length = max(rate // 2000, 3)
    for at_s in np.arange(0.25, _SPOILT_S, 0.5):
        at = round(float(at_s) * rate)
        spoilt[:, at : at + length] += rng.uniform(0.3, 0.6, length) * (-1.0) ** np.arange(length)
    return sound.astype(np.float32)


def rehearse_live(chain: ChainSettings, stream: StreamFormat) -> None:
    """Let the repairs of a live chain repair, each by itself, what they may meet."""
    few = StreamFormat(stream.sample_rate, min(stream.channels, _MOST_CHANNELS))
    sound: F32 | None = None
    for name, settings in chain.processors:
        entry = PROCESSORS[name]
        if entry.repairs and entry.kernel and entry.make_live is not None:
            sound = damaged_sound(few) if sound is None else sound
            _run(entry.make_live(settings, few, None), sound)


def _run(processor: Processor, sound: F32) -> None:
    processor.process(sound)
    processor.flush()
