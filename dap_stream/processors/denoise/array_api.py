"""A whole array at once: learn from it, then clean it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import ArraySource, as_audio
from dap_stream.core.finite import finite
from dap_stream.core.profile import Profile
from dap_stream.core.settings import changed
from dap_stream.errors import SettingError
from dap_stream.processors.denoise.denoiser import Denoiser
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.pretrain import pretrain
from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings


def denoise(
    audio: npt.ArrayLike,
    sample_rate: int,
    profile: Profile | None = None,
    noise: npt.ArrayLike | None = None,
    **settings: Any,
) -> Audio:
    """Clean a recording that is an array.

    Parameters
    ----------
    audio
        ``[samples]`` or ``[channels, samples]``; float32 or float64, full scale 1.0. Integers are scaled by
        their full scale.
    sample_rate
        Hz, 8000 to 384000.
    profile
        Weights to start from.
    noise
        Noise alone, like that in the recording: ``[samples]`` or ``[channels, samples]`` at the same rate.
    **settings
        Fields of `DenoiseSettings`. With ``passes=2`` (the default) the generator learns from the whole
        recording before it predicts; with ``passes=1``, and always if it is a deep prior, it learns while it
        goes. ``steps=0`` with a profile only predicts.

    Returns
    -------
    numpy.ndarray
        Of the same shape, aligned to the sample; of the same dtype, or float for integers (float32, from 32
        bits on float64).

    Raises
    ------
    SettingError
        Before anything is learned, if the array, the rate or a setting cannot be.
    """
    rows, shape = as_audio(audio)
    chosen = changed(DenoiseSettings(), settings).for_files()
    learns_nothing = chosen.generator == CLASSICAL and profile is None
    model = None if learns_nothing else DenoiseModel(chosen, profile)
    is_pretrained = model is not None and chosen.passes == 2 and chosen.learns
    denoiser = Denoiser(
        sample_rate, len(rows), chosen, model=model, learn=chosen.passes == 1 and chosen.steps != 0
    )
    if noise is not None:
        if model is None:
            raise SettingError("noise is of no use to generator=classical, which learns nothing")
        model.hear_noise(np.asarray(finite(as_audio(noise)[0]), np.float32), denoiser.sample_rate)
    if is_pretrained and model is not None:
        with ArraySource(rows, denoiser.sample_rate) as source:
            pretrain(model, source)
    return denoiser(rows, denoiser.sample_rate).reshape(shape)
