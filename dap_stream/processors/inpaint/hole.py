"""A gap as a hole in the spectrogram of its surroundings, and what may have been in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, F64, Mask
from dap_stream.dsp.features import log_power
from dap_stream.dsp.stft import StftSpec

WINDOW_MS = 32.0
"""Shorter than most sounds stay as they are, long enough to tell the harmonics of a voice apart."""

EDGE_FRAMES = 2  # on each side, whose mean is what the spectrum is interpolated from
_BACKGROUND = 0.1  # quantile of the power of each bin
_FADE_NEPER_S = 60.0  # of power: 26 dB in a tenth of a second


@dataclass(frozen=True)
class Hole:
    """Sound around a gap, with a first guess in it, at a level of 1.

    Frame t begins at sample ``t hop``.
    """

    spec: StftSpec
    sample_rate: int
    audio: F32  # [samples]
    gap: range  # samples
    scale: float  # by which it is to be multiplied
    log_power: F32  # [frames, bins]
    touches: Mask  # [frames] that have samples of the gap

    @classmethod
    def of_sides(cls, sample_rate: int, before: F64, guess: F64, after: F64) -> Hole | None:
        """None if there are too few frames on a side, or nothing but silence."""
        spec = StftSpec.for_rate(sample_rate, WINDOW_MS)
        if min(len(before), len(after)) < spec.n_fft + EDGE_FRAMES * spec.hop:
            return None
        scale = float(np.sqrt(np.mean(np.concatenate((before, after)) ** 2)))
        if scale == 0.0:
            return None
        audio = np.concatenate((before, guess, after))
        audio32 = (audio / scale).astype(np.float32)
        spectrum = spec.spectrum(audio32, spec.analysis)
        begins = np.arange(len(spectrum)) * spec.hop
        gap = range(len(before), len(before) + len(guess))
        touches = (begins < gap.stop) & (begins + spec.n_fft > gap.start)
        power = np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
        return cls(spec, sample_rate, audio32, gap, scale, log_power(power), touches)

    @property
    def frames(self) -> slice:
        """Those that touch the gap."""
        inside = np.flatnonzero(self.touches)
        return slice(int(inside[0]), int(inside[-1]) + 1)

    def interpolated(self, fades: bool) -> F32:
        """Log power of `frames`: from that of one side to that of the other, by a straight line in each bin.

        If it ``fades``, it falls to the background from both sides.
        """
        inside = self.frames
        n_frames = inside.stop - inside.start
        left = self.log_power[inside.start - EDGE_FRAMES : inside.start].mean(axis=0)
        right = self.log_power[inside.stop : inside.stop + EDGE_FRAMES].mean(axis=0)
        # Places of the two means, in frames from the first one.
        at = (np.arange(n_frames) + 0.5 * (EDGE_FRAMES + 1)) / (n_frames + EDGE_FRAMES)
        weight = at[:, None].astype(np.float32)
        if not fades:
            return np.asarray(left * (1.0 - weight) + right * weight, np.float32)
        background = np.quantile(self.log_power[~self.touches], _BACKGROUND, axis=0)
        elapsed_s = (np.arange(n_frames)[:, None] + 1.0) * self.spec.hop / self.sample_rate
        sides = np.maximum(left - _FADE_NEPER_S * elapsed_s, right - _FADE_NEPER_S * elapsed_s[::-1])
        return np.asarray(np.maximum(sides, np.minimum(background, np.maximum(left, right))), np.float32)
