"""The geometry of the short-time Fourier transform, and the transform of whole signals.

Frame t covers the samples ``t hop - (n_fft - hop) <= s < t hop + hop``: the first frame ends with
the first ``hop`` samples, which is how a stream meets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.fft

from dap_stream.core.array_types import C64, F32, F64
from dap_stream.dsp import stft_kernels
from dap_stream.errors import SettingError

OVERLAP = 4  # frames that cover each sample: two interleaved grids of half-overlapping frames
MAX_WINDOW_RATE = 96_000  # Hz; what ultrasound recorders run faster for is short, so there the window shrinks


@dataclass(frozen=True)
class StftSpec:
    """``n_fft`` samples per frame (a multiple of 4) every ``hop = n_fft / 4``.

    A longer frame separates closer tones and smears onsets more. Two analysis windows of unit
    energy: `analysis` (sine, square-root periodic Hann), whose overlap-add with `synthesis` is the
    identity, and `observation` (periodic Hann), in whose power the noise of frames two hops apart
    is nearly independent.
    """

    n_fft: int

    def __post_init__(self) -> None:
        if self.n_fft < 16 or self.n_fft % OVERLAP:
            raise SettingError(f"n_fft={self.n_fft} must be a multiple of {OVERLAP} and at least 16")

    @classmethod
    def for_rate(cls, sample_rate: int, window_ms: float) -> StftSpec:
        """The nearest frame of about ``window_ms`` with a fast FFT."""
        samples = min(sample_rate, MAX_WINDOW_RATE) * window_ms / 1000.0
        return cls(OVERLAP * scipy.fft.next_fast_len(max(round(samples / OVERLAP), 4), real=True))

    @property
    def hop(self) -> int:
        """Samples between frames."""
        return self.n_fft // OVERLAP

    @property
    def n_bins(self) -> int:
        """Frequencies from 0 to half the sample rate."""
        return self.n_fft // 2 + 1

    @cached_property
    def observation(self) -> F32:
        """Periodic Hann window of unit energy ``[n_fft]``."""
        window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.n_fft) / self.n_fft)
        return np.asarray(window / np.sqrt(np.sum(window**2)), np.float32)

    @property
    def _sine(self) -> F64:
        return np.asarray(np.sin(np.pi * np.arange(self.n_fft) / self.n_fft), np.float64)

    @cached_property
    def analysis(self) -> F32:
        """Sine window of unit energy ``[n_fft]``."""
        return np.asarray(self._sine * np.sqrt(2.0 / self.n_fft), np.float32)

    @cached_property
    def synthesis(self) -> F32:
        """The dual of `analysis` ``[n_fft]``: their products at the overlaps of a sample add up to 1."""
        # sin^2 at four quarter shifts adds up to 2.
        return np.asarray(self._sine * np.sqrt(self.n_fft / 2.0) / 2.0, np.float32)

    def frequencies_hz(self, sample_rate: int) -> F32:
        """Centre of each bin ``[bins]``."""
        return np.asarray(np.fft.rfftfreq(self.n_fft, 1.0 / sample_rate), np.float32)

    def n_frames(self, n_samples: int) -> int:
        """Frames that touch any of ``n_samples`` samples."""
        return -(-(n_samples + self.n_fft - self.hop) // self.hop)

    def spectrum(self, audio: F32, window: F32) -> C64:
        """Spectra of consecutive frames: ``[n_fft + (frames - 1) hop]`` samples to ``[frames, bins]``."""
        frames = np.empty(((len(audio) - self.n_fft) // self.hop + 1, self.n_fft), np.float32)
        stft_kernels.window_frames(audio, window, self.hop, frames)
        return np.asarray(scipy.fft.rfft(frames, axis=1, overwrite_x=True), np.complex64)

    def frames(self, spectrum: C64) -> F32:
        """Untapered frames ``[frames, n_fft]`` of ``spectrum [frames, bins]``."""
        return np.asarray(scipy.fft.irfft(spectrum, self.n_fft, axis=1), np.float32)


def stft(spec: StftSpec, audio: F32, window: F32 | None = None) -> C64:
    """Transform of a whole signal: ``[samples]`` to ``[frames, bins]``, sine window unless given."""
    n_frames = spec.n_frames(len(audio))
    padded = np.zeros(spec.n_fft + (n_frames - 1) * spec.hop, np.float32)
    padded[spec.n_fft - spec.hop :][: len(audio)] = audio
    return spec.spectrum(padded, spec.analysis if window is None else window)


def istft(spec: StftSpec, spectrum: C64, n_samples: int) -> F32:
    """The signal ``[samples]`` whose `stft` is ``spectrum [frames, bins]``."""
    out = np.zeros(spec.n_fft + (len(spectrum) - 1) * spec.hop, np.float32)
    stft_kernels.overlap_add(spec.frames(spectrum), spec.synthesis, spec.hop, out)
    return out[spec.n_fft - spec.hop :][:n_samples]
