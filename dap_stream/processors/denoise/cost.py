"""Time and memory that the denoiser takes, for a dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings
from dap_stream.processors.entry import Cost

if TYPE_CHECKING:
    from dap_stream.core.stream_format import StreamFormat

# Measured on two idle cores, one minute of audio; a guess for any other machine. "Per rate" is compute
# time / audio time for each Hz of sample rate.
START_S = 2.0  # imports of torch and numba
CONTEXT_PER_RATE = 0.0034 / 16_000  # to predict with `context`
CLASSICAL_PER_RATE = 0.0012 / 16_000
CHANNEL_PER_RATE = 0.001 / 16_000  # for each channel after the first, linked
# A step of a deep prior, for each second that it looks at.
DEEP_STEP_PER_RATE = {"dcgan": 0.0045 / 16_000, "skip": 0.018 / 16_000, "decoder": 0.010 / 16_000}
DEEP_BEFORE_S = 1.2  # that it looks at besides the block
BAND_PER_S, BAND_STEP_S = 0.003, 0.1  # the band network: a second of a lane, a step of its fit
STEP_S = 0.012  # a step of learning in a first pass
STREAM_STEP_S = 0.0045  # a step on the way: the block is prepared anyway
CLASSICAL_MB, BASE_MB, STREAM_MB = 172.0, 445.0, 15.0  # without torch, with it, more to learn on the way
SAMPLE_MB, CLASSICAL_SAMPLE_MB = 5e-4, 1e-4  # for each sample of a block, in all copies of it
STREAM_SAMPLE_MB = 1.3e-3  # for each of all channels together, to learn on the way
DEEP_SAMPLE_MB = {"dcgan": 5e-4, "skip": 1.1e-3, "decoder": 1.3e-3}  # for each that a deep prior looks at


def denoise_cost(settings: DenoiseSettings, stream: StreamFormat, seconds: float) -> Cost:
    """For a recording of ``seconds`` on two cores."""
    return Cost(_compute_s(settings, stream, seconds), _memory_mb(settings, stream))


def _compute_s(settings: DenoiseSettings, stream: StreamFormat, seconds: float) -> float:
    """Rough time for a recording of that length on two cores."""
    lanes = 1 if settings.linked else stream.channels
    is_classical = settings.generator == CLASSICAL
    per_rate = (CLASSICAL_PER_RATE if is_classical else CONTEXT_PER_RATE) * lanes
    per_rate += CHANNEL_PER_RATE * (stream.channels - 1)
    total = START_S + per_rate * stream.sample_rate * seconds
    if is_classical or settings.steps == 0:
        return total
    if settings.is_educated:
        total += BAND_PER_S * lanes * seconds
    if settings.passes == 2:
        return total + STEP_S * settings.pretrain_steps + BAND_STEP_S * settings.band_steps
    per_block = settings.most_steps
    if settings.generator in DEEP_STEP_PER_RATE:
        step_s = (
            DEEP_STEP_PER_RATE[settings.generator] * stream.sample_rate * (settings.block_s + DEEP_BEFORE_S)
        )
        return total + step_s * per_block * seconds / settings.block_s
    return total + STREAM_STEP_S * per_block * seconds / settings.block_s


def _memory_mb(settings: DenoiseSettings, stream: StreamFormat) -> float:
    """Rough peak memory; it does not depend on the length."""
    block = settings.block_s * stream.sample_rate * stream.channels
    if settings.generator == CLASSICAL:
        return CLASSICAL_MB + CLASSICAL_SAMPLE_MB * block
    if settings.generator in DEEP_SAMPLE_MB:
        looked_at = (settings.block_s + DEEP_BEFORE_S) * stream.sample_rate
        return BASE_MB + DEEP_SAMPLE_MB[settings.generator] * looked_at + SAMPLE_MB * block
    total = BASE_MB + SAMPLE_MB * block
    if settings.passes == 1:
        total += STREAM_MB + STREAM_SAMPLE_MB * settings.block_s * stream.sample_rate
    return total
