"""Noise that is shown: a stretch, of the recording or of another one, in which there is nothing else."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.dsp.features import active_frames, observed_log_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.errors import SettingError
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.stream import BandStream
from dap_stream.models.band.wanted import Wanted

LEAST_FRAMES = 8
MOST_VOICE = 0.2  # of the time, in what is shown as noise
# The noise may have changed since: it counts as far as it is not much louder than what is found around.
MOST_ABOVE = float(np.log(10.0 ** (8.0 / 10.0)))


def noise_frames(spec: StftSpec, audio: F32, sample_rate: int) -> F32:
    """Natural log of the power ``[frames, bins]`` of noise ``[channels, samples]``.

    SettingError if that is too short or silent.
    """
    least = spec.n_fft + (LEAST_FRAMES - 1) * spec.hop
    if audio.shape[1] < least:
        has_s = floor(100.0 * audio.shape[1] / sample_rate) / 100.0
        needs_s = ceil(100.0 * least / sample_rate) / 100.0
        raise SettingError(
            f"the noise that is shown has {has_s:g} s and needs {needs_s:g} s or more; show more of it"
        )
    observed = observed_log_power(spec, audio)
    observed = observed[active_frames(observed)]
    if len(observed) < LEAST_FRAMES:
        raise SettingError("the noise that is shown is silent; show a stretch where the noise is heard")
    return observed


def voice_warnings(noise: F32, frames: Frames, predictor: BandPredictor) -> tuple[str, ...]:
    """Warning that there is a voice in noise ``[frames, bins]``, if there is one."""
    wanted = Wanted("auto")
    BandStream(frames, 0, wanted).advance(noise, predictor)
    if wanted.voice_share <= MOST_VOICE:
        return ()
    percent = 100.0 * wanted.voice_share
    return (
        f"the noise that is shown seems to hold a voice ({percent:.0f} % of it): what is like it will be "
        "taken away too; show a stretch without",
    )


def log_mean(noise: F32) -> F32:
    """Natural log of the mean power of each bin: ``[frames, bins]`` to ``[bins]``."""
    return np.asarray(np.log(np.exp(noise.astype(np.float64)).mean(axis=0)), np.float32)


def with_known_noise(log_noise: F32, known: F32) -> F32:
    """Log noise psd as found ``[frames, bins]``, raised to what is known of it ``[bins]``."""
    return np.asarray(
        np.maximum(log_noise, np.minimum(known, log_noise + np.float32(MOST_ABOVE))), np.float32
    )
