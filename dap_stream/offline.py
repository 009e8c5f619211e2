"""A whole array at once: learn from it, then clean it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from dap_stream.denoiser import Denoiser
from dap_stream.first_pass import learn
from dap_stream.io.memory import ArraySource
from dap_stream.processor import Audio
from dap_stream.profile import Profile
from dap_stream.settings import TWO_PASS_GENERATORS, Settings


def denoise(audio: Audio, sample_rate: int, profile: Profile | None = None, **settings: Any) -> Audio:
    """Clean ``audio [samples]`` or ``[channels, samples]``; same shape and dtype, aligned to the sample.

    ``settings`` are those of `dap_stream.settings.Settings`. With ``passes=2`` (the default) the
    generator learns from the whole recording before it predicts, starting from ``profile`` if there
    is one; with ``passes=1``, and always if it is a deep prior, it learns while it goes. ``steps=0``
    with a profile only predicts.
    """
    chosen = replace(Settings(), **settings)
    rows = np.atleast_2d(audio)
    if chosen.generator not in TWO_PASS_GENERATORS:
        chosen = replace(chosen, passes=1)
    if chosen.passes == 2 and chosen.steps != 0:
        with ArraySource(rows, sample_rate) as source:
            profile = learn(source, chosen, profile)
    learns = chosen.passes == 1 and chosen.steps != 0
    return Denoiser(sample_rate, len(rows), chosen, profile, learn=learns)(audio, sample_rate)
