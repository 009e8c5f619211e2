"""Sound as every browser plays it: MP3, in memory."""

from __future__ import annotations

import io
import math

import numpy as np
import soundfile
from scipy.signal import resample_poly

from dap_stream.core.array_types import Audio

_RATES = (32000, 44100, 48000)  # of MPEG-1: lower ones are not played everywhere
_OTHER_RATE = 48000
_CEILING = 0.98  # of the samples: the decoder goes beyond them
_PIECE = 65536
_COMPRESSION = 0.65  # of 0..1: about 112 kbit/s, 56 of a mono recording


def peak_scale(peak: float) -> float:
    """Factor by which a sound of that peak has to be made softer to fit."""
    return min(1.0, _CEILING / peak) if peak > 0.0 else 1.0


def to_mp3(audio: Audio, sample_rate: int) -> bytes:
    """``[channels, samples]`` as an MP3 of one or two channels; three and more are mixed to one."""
    sound = np.asarray(audio, np.float64)
    if len(sound) > 2:
        sound = sound.mean(axis=0, keepdims=True)
    rate = sample_rate
    if rate not in _RATES:
        rate = _OTHER_RATE
        common = math.gcd(rate, sample_rate)
        sound = resample_poly(sound, rate // common, sample_rate // common, axis=1)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer,
        "w",
        rate,
        len(sound),
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_COMPRESSION,
        bitrate_mode="CONSTANT",
    ) as file:
        samples = np.clip(sound, -1.0, 1.0).T
        for begin in range(0, len(samples), _PIECE):
            file.write(samples[begin : begin + _PIECE])
    return buffer.getvalue()
