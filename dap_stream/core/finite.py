"""Samples that are no sound (NaN, infinity, absurd levels), made silent in one place."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import Audio, Mask

MAX_SAMPLE = 1e30
"""Beyond it a sample is taken for no number: a sum of such samples would not fit float32 any more."""


def not_a_sound(audio: Audio) -> Mask:
    """Which samples of ``[..., samples]`` are NaN, infinite, or larger than `MAX_SAMPLE`."""
    with np.errstate(invalid="ignore"):
        return np.asarray(~(np.abs(audio) <= MAX_SAMPLE))


def finite(audio: Audio) -> Audio:
    """The same array, or a copy with zeros where a sample is no sound."""
    is_bad = not_a_sound(audio)
    if not is_bad.any():
        return audio
    return np.where(is_bad, audio.dtype.type(0.0), audio)
