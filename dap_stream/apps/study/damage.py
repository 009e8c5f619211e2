"""Damage that a study does to a recording, for a deep prior to mend: holes, or nothing above a limit.

In the deep image prior (Ulyanov et al. 2018) both are one idea: the loss looks through the damage, and what
the network makes where nothing is demanded comes from the prior alone. A hole is a mask over frames. A
missing upper band is a mask over bins: a recording of a lower rate has each of its bins at full resolution
and nothing above, so the down-sampling that an image has inside of the loss is here to leave out the bins
above the limit. To average bins instead would be a damage that no recording has.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from dap_stream.apps.study.settings import StudySettings
from dap_stream.core.array_types import F32, Mask
from dap_stream.core.units import seconds_to_samples
from dap_stream.dsp.griffin_lim import fill_bins, fill_samples, touched_frames
from dap_stream.dsp.stft import StftSpec

_EDGE_FRAMES = 3  # whose mean is where a straight line begins and ends
_EDGE_OCTAVES = 0.25  # below a limit, whose mean is held above it
_SLOPE_BINS = 4  # from where the low pass begins up to the limit: as wide as a line of the window


class Damage(Protocol):
    """One kind of it, for sounds of one length and rate."""

    is_known: Mask
    """``[frames, bins]``: cells that the damage leaves as they were."""
    is_asked: Mask
    """``[frames, bins]``: cells that what is made is compared in."""

    def damaged(self, audio: F32) -> F32:
        """The sound after it ``[samples]``."""

    def plain(self, log_power: F32) -> F32:
        """``log_power [frames, bins]`` of the damaged sound, filled without any network."""

    def filled(self, damaged: F32, log_power: F32, seed: int) -> F32:
        """The damaged sound with what is missing made from ``log_power [frames, bins]``."""


class Holes:
    """Stretches of time without sound; in samples of the excerpt."""

    def __init__(self, spec: StftSpec, n_samples: int, holes: list[tuple[int, int]]) -> None:
        self._spec = spec
        self._is_sample_known = np.ones(n_samples, np.bool_)
        for begin, end in holes:
            self._is_sample_known[begin:end] = False
        self._is_touched = touched_frames(spec, self._is_sample_known)
        self.is_known = np.repeat(~self._is_touched[:, None], spec.n_bins, axis=1)
        # At its centre a frame has half of its weight: what is missing there is most of it.
        centres = np.arange(len(self._is_touched)) * spec.hop + spec.hop - spec.n_fft // 2
        is_inside = ~self._is_sample_known[np.clip(centres, 0, n_samples - 1)]
        self.is_asked = np.repeat(is_inside[:, None], spec.n_bins, axis=1)

    def damaged(self, audio: F32) -> F32:
        """Silent in the holes."""
        return np.where(self._is_sample_known, audio, np.float32(0.0))

    def plain(self, log_power: F32) -> F32:
        """A straight line from what is before a hole to what is after it, for each bin."""
        out = log_power.copy()
        edges = np.flatnonzero(np.diff(self._is_touched)) + 1
        for run in np.split(np.arange(len(log_power)), edges):
            if not self._is_touched[run[0]]:
                continue
            sides = [
                log_power[max(run[0] - _EDGE_FRAMES, 0) : run[0]],
                log_power[run[-1] + 1 :][:_EDGE_FRAMES],
            ]
            means = [side.mean(axis=0) for side in sides if len(side)]
            way = (np.arange(len(run), dtype=np.float32) + 1.0) / np.float32(len(run) + 1)
            out[run] = means[0] + way[:, None] * (means[-1] - means[0])
        return out

    def filled(self, damaged: F32, log_power: F32, seed: int) -> F32:
        """Known samples bit for bit."""
        return fill_samples(self._spec, damaged, self._is_sample_known, _magnitude(log_power), seed=seed)


class BandLimit:
    """Nothing from a frequency on, as after telephones, and codecs and recorders of a low rate."""

    def __init__(self, spec: StftSpec, n_samples: int, sample_rate: int, limit_hz: float) -> None:
        self._spec, self._n_samples, self._rate, self._limit_hz = spec, n_samples, sample_rate, limit_hz
        bin_hz = sample_rate / spec.n_fft
        self._begin_hz = limit_hz - _SLOPE_BINS * bin_hz
        frequencies = spec.frequencies_hz(sample_rate)
        # A line of the window reaches two bins to each side.
        self._is_bin_known = frequencies < self._begin_hz - 2.0 * bin_hz
        every_frame = np.ones((spec.n_frames(n_samples), 1), np.bool_)
        self.is_known = every_frame & self._is_bin_known
        self.is_asked = every_frame & (frequencies > limit_hz)

    @cached_property
    def _low_pass(self) -> F32:
        frequencies = np.fft.rfftfreq(self._n_samples, 1.0 / self._rate)
        place = (frequencies - self._begin_hz) / (self._limit_hz - self._begin_hz)
        return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(place, 0.0, 1.0)), np.float32)

    def damaged(self, audio: F32) -> F32:
        """Through a low pass without delay, half a cosine of frequency steep."""
        return np.asarray(np.fft.irfft(np.fft.rfft(audio) * self._low_pass, len(audio)), np.float32)

    def plain(self, log_power: F32) -> F32:
        """The mean level of the last quarter of an octave that is known, held above, frame by frame."""
        n_known = int(self._is_bin_known.sum())
        first = int(n_known * 2.0**-_EDGE_OCTAVES)
        held = log_power[:, first:n_known].mean(axis=1, keepdims=True)
        return np.where(self._is_bin_known, log_power, held)

    def filled(self, damaged: F32, log_power: F32, seed: int) -> F32:
        """Spectra of the known bins as they are, but for what a frame shares with its neighbours."""
        return fill_bins(self._spec, damaged, self._is_bin_known, _magnitude(log_power), seed=seed)


def make_damage(
    spec: StftSpec, n_samples: int, sample_rate: int, settings: StudySettings
) -> Holes | BandLimit | None:
    """The damage that the settings of an excerpt (`StudySettings.for_excerpt`) ask for; None to denoise."""
    if settings.holes:
        places = [
            [seconds_to_samples(edge - settings.start_s, sample_rate) for edge in hole]
            for hole in settings.holes
        ]
        return Holes(spec, n_samples, [(begin, end) for begin, end in places])
    if settings.limit_hz is not None:
        return BandLimit(spec, n_samples, sample_rate, settings.limit_hz)
    return None


def _magnitude(log_power: F32) -> F32:
    return np.asarray(np.exp(0.5 * log_power), np.float32)
