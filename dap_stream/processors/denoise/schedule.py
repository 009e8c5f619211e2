"""When the denoiser works on what: the one difference between a file, a pipe and a live stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import samples_to_ms
from dap_stream.dsp.stft import StftSpec
from dap_stream.models.context.receptive_field import BEFORE, GRID
from dap_stream.processors.denoise.settings import CLASSICAL, DenoiseSettings

LEAST_FRAMES = 8  # of a block

LearningMode: TypeAlias = Literal["none", "inline", "background"]
"""Not at all; as part of the processing, so that nothing depends on timing; beside the stream."""


@dataclass(frozen=True)
class Schedule:
    """Frames at a time, and what is learned from when.

    A file in two passes is `in_blocks` without learning, a pipe `in_blocks` with it; a live stream is
    `in_frames` with learning in the background, a simulated one with it inline.
    """

    frames_per_call: int  # processed at once
    frames_per_block: int  # learned from at once
    lookahead_frames: int  # waited for before a frame gets its gain; in blocks the generator says it
    noise_frames: int  # span in which the noise is sought
    hop_ms: float
    learning: LearningMode

    @classmethod
    def in_blocks(
        cls, settings: DenoiseSettings, stream: StreamFormat, spec: StftSpec, learning: LearningMode
    ) -> Schedule:
        """Blocks of ``settings.block_s``: learned from, predicted and cleaned as a whole."""
        n_frames = _frames_per_block(settings, stream, spec)
        half = max(round(settings.noise_s / settings.block_s / 2.0), 1)
        hop_ms = samples_to_ms(spec.hop, stream.sample_rate)
        return cls(n_frames, n_frames, 0, 2 * half * n_frames, hop_ms, learning)

    @classmethod
    def in_frames(
        cls, settings: DenoiseSettings, stream: StreamFormat, spec: StftSpec, learning: LearningMode
    ) -> Schedule:
        """Frame by frame, for the shortest latency; learned from once in a block."""
        n_block = _frames_per_block(settings, stream, spec)
        hop_ms = samples_to_ms(spec.hop, stream.sample_rate)
        lookahead = 0 if settings.generator == CLASSICAL else GRID * settings.lookahead
        n_noise = max(round(settings.noise_s * 1000.0 / hop_ms), 2 * n_block, BEFORE + 1 + lookahead)
        return cls(1, n_block, lookahead, n_noise, hop_ms, learning)

    @property
    def half_noise_blocks(self) -> int:
        """Blocks on either side of a moment in which its noise is sought."""
        return self.noise_frames // (2 * self.frames_per_block)

    @property
    def block_s(self) -> float:
        """Length of a block in seconds."""
        return self.frames_per_block * self.hop_ms / 1000.0


def _frames_per_block(settings: DenoiseSettings, stream: StreamFormat, spec: StftSpec) -> int:
    return max(round(settings.block_s * stream.sample_rate / spec.hop), LEAST_FRAMES)
