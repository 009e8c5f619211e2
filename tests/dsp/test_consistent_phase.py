"""Samples from magnitudes, beside samples that are known."""

from __future__ import annotations

import numpy as np

from dap_stream.dsp.consistent_phase import fill_by_magnitude
from dap_stream.dsp.stft import StftSpec

SPEC = StftSpec(256)


def frames_that_touch(gap: range, n_samples: int) -> slice:
    begins = np.arange((n_samples - SPEC.n_fft) // SPEC.hop + 1) * SPEC.hop
    inside = np.flatnonzero((begins < gap.stop) & (begins + SPEC.n_fft > gap.start))
    return slice(int(inside[0]), int(inside[-1]) + 1)


def test_true_samples_are_a_fixed_point_of_their_own_magnitudes(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(4000).astype(np.float32)
    gap = range(1700, 2300)
    frames = frames_that_touch(gap, len(audio))
    magnitude = np.abs(SPEC.spectrum(audio, SPEC.analysis))[frames]
    made = fill_by_magnitude(SPEC, audio, gap, frames.start, magnitude, 10)
    np.testing.assert_allclose(made, audio[gap.start : gap.stop], rtol=0, atol=1e-4)


def test_magnitudes_come_near_to_what_is_wanted_and_the_audio_stays(rng: np.random.Generator) -> None:
    t = np.arange(4000)
    audio = (np.sin(0.2 * t) + 0.5 * np.sin(0.53 * t)).astype(np.float32)
    gap = range(1700, 2300)
    frames = frames_that_touch(gap, len(audio))
    magnitude = np.abs(SPEC.spectrum(audio, SPEC.analysis))[frames]
    damaged = audio.copy()
    damaged[gap.start : gap.stop] = 0.01 * rng.standard_normal(len(gap))
    before = damaged.copy()
    made = fill_by_magnitude(SPEC, damaged, gap, frames.start, magnitude, 60)
    np.testing.assert_array_equal(damaged, before)
    damaged[gap.start : gap.stop] = made
    error = np.abs(SPEC.spectrum(damaged, SPEC.analysis))[frames] - magnitude
    assert np.sum(error**2) < 0.1 * np.sum(magnitude**2)  # 0.97 at the start
