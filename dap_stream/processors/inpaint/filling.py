"""Which way a gap is filled, and the samples that fill it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, F64
from dap_stream.core.units import ms_to_samples, samples_to_ms, samples_to_seconds
from dap_stream.dsp.gap_interpolation import fill_from_sides
from dap_stream.dsp.griffin_lim import fill_samples
from dap_stream.processors.inpaint.hole import WINDOW_MS, Hole
from dap_stream.processors.inpaint.settings import AUTO, AUTOREGRESSIVE, PRIOR, SPECTRAL

MODEL_MS = 100.0
"""Of sound on each side that a linear model is made of: in a longer stretch voices change."""

SURROUNDINGS_MS = 500.0
"""Of sound on each side that a spectrum is taken from."""

_ORDER_MS, _MOST_ORDER = 20.0, 1000  # two periods of the lowest voices
# In a longer gap there are frames of the spectrum that see nothing of the sides.
_SHORT_MS = 2.0 * WINDOW_MS
_FADE_S = 0.5  # beyond it, what is made up is not what was there
_N_ROUNDS = 40  # of phase reconstruction; more change nothing that is measured
_NOISE = 0.01  # of the level: phases to start from where the first guess has died away


@dataclass(frozen=True)
class Filled:
    """Samples ``[n]``, and how they were made, in a few words."""

    samples: F64
    how: str


class Filler:
    """Fills gaps of one sample rate.

    Parameters
    ----------
    sample_rate
        Hz.
    method
        One of `dap_stream.processors.inpaint.settings.METHODS`.
    """

    def __init__(self, sample_rate: int, method: str) -> None:
        self._sample_rate, self._method = sample_rate, method
        self._model = ms_to_samples(MODEL_MS, sample_rate)
        self._surroundings = ms_to_samples(SURROUNDINGS_MS, sample_rate)
        self._order = min(ms_to_samples(_ORDER_MS, sample_rate), _MOST_ORDER)

    def fill(self, before: F64, after: F64, n_missing: int) -> Filled:
        """Samples between two stretches of sound ``[samples]`` of any length.

        As much of them is used as helps.
        """
        made = fill_from_sides(before[-self._model :], after[: self._model], n_missing, self._order)
        fades = samples_to_seconds(n_missing, self._sample_rate) > _FADE_S
        method = self._method
        if method == AUTO:
            is_short = samples_to_ms(n_missing, self._sample_rate) <= _SHORT_MS
            method = AUTOREGRESSIVE if is_short else SPECTRAL
        around = None
        if method != AUTOREGRESSIVE:
            around = Hole.of_sides(
                self._sample_rate, before[-self._surroundings :], made, after[: self._surroundings]
            )
        if around is None:
            return Filled(made, "filled by an autoregressive model")
        log_power = around.interpolated(fades)
        how = "filled by the spectrum of its surroundings"
        if method == PRIOR:
            from dap_stream.processors.inpaint.prior_fill import prior_log_power

            # The mean of both is nearer to the truth than each of them.
            log_power = log_power if fades else 0.5 * (log_power + prior_log_power(around))
            how = "filled by the prior"
        if fades:
            how = f"longer than {_FADE_S:g} s, faded out and in to the background"
        audio = around.audio.copy()
        gap = slice(around.gap.start, around.gap.stop)
        noise = np.random.default_rng(0).standard_normal(n_missing) * _NOISE
        audio[gap] += noise.astype(np.float32)
        samples = _with_magnitude(around, audio, np.exp(0.5 * log_power))
        return Filled(samples.astype(np.float64) * around.scale, how)


def _with_magnitude(around: Hole, audio: F32, magnitude: F32) -> F32:
    """Samples of the gap, the frames that touch it near to ``magnitude``; phases start from ``audio``."""
    spec, gap = around.spec, slice(around.gap.start, around.gap.stop)
    is_known = np.ones(len(audio), np.bool_)
    is_known[gap] = False
    wanted = np.zeros((spec.n_frames(len(audio)), magnitude.shape[1]), np.float32)
    first = around.frames.start + (spec.n_fft - spec.hop) // spec.hop  # frames there begin before the audio
    wanted[first : first + len(magnitude)] = magnitude
    return fill_samples(spec, audio, is_known, wanted, _N_ROUNDS)[gap]
