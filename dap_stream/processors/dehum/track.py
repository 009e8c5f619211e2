"""One series followed through time: the phase of its fundamental, and the amplitude of each harmonic.

All harmonics tell of one phase, the higher the more exactly. Relative to it their amplitudes hardly change,
so that they can be told from a second or two, of which speech and music spoil only a part: a robust mean.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from dap_stream.core.array_types import C128, F64, I64, Mask
from dap_stream.dsp.line_kernels import robust_means
from dap_stream.processors.dehum.frames import GRID_S, Frames
from dap_stream.processors.dehum.series import Series

REACH_S = 2.0  # to both sides, that an amplitude is told from
_PHASE_REACH_S = 0.5
_PHASE_STEP = 4  # frames from one look at the phase to the next
_HARMONICS_BY_TURN = (6, 16, 1000)
_MEMORY_S = 8.0
_ROUNDS = 4
# Squared mean to the median squared distance from it, over all frames in memory: what noise alone has is
# about 3 divided by their number, and has been seen at 8; the least is for music: notes lie on harmonics.
_LINE_SNR_FRAMES, _LEAST_LINE_SNR = 20.0, 0.1
# Restless: squared distance from the mean in the quietest quarter of the time, as part of the squared mean;
# and correlation with that a tenth of a second before. Under speech and music, steady hum has less than 0.2
# of the first or less than 0.3 of the second; recorded mains that beats has 0.45 to 1.5, and 0.75 to 0.85.
_RESTLESS_QUANTILE, _RESTLESS_LEAST, _RESTLESS_COMMON = 0.25, 0.35, 0.5
_RESTLESS_REACH_S, _RESTLESS_FRAMES = 0.15, 50
_PHASE_SNR, _MOST_SNR = 2.0, 100.0
_SLOPE = 10  # frames that the frequency is told from, to go on


def _taper(reach_s: float) -> F64:
    return np.hanning(2 * round(reach_s / GRID_S) + 3)[1:-1]


def _robust(values: C128, knots: I64, taper: F64) -> tuple[C128, F64]:
    """`robust_means` of ``[channels, lines, frames]``: means and noise ``[channels, lines, knots]``."""
    flat = np.ascontiguousarray(values.reshape(-1, values.shape[2]))
    means, noise = np.empty((len(flat), len(knots)), np.complex128), np.empty((len(flat), len(knots)))
    robust_means(flat, taper, knots, _ROUNDS, means, noise)
    shape = (*values.shape[:2], len(knots))
    return means.reshape(shape), noise.reshape(shape)


class Track:
    """A series, frame by frame.

    Parameters
    ----------
    series
        As it was found.
    frames
        Geometry.
    channels
        Each has its own amplitudes.
    first
        Frame that comes first.
    """

    def __init__(self, series: Series, frames: Frames, channels: int, first: int) -> None:
        self.series, self._frames = series, frames
        self.numbers = np.arange(1, series.n_harmonics + 1)
        self.first = first
        self.values: C128 = np.zeros((channels, len(self.numbers), 0), np.complex128)
        self.phases: F64 = np.zeros(0)
        self.are_lines: Mask = np.ones(self.values.shape[:2], np.bool_)
        """Harmonics that are really there, ``[channels, lines]``."""
        self.are_restless: Mask = np.zeros_like(self.are_lines)
        self._n_final = 0  # frames whose phase is given away and stays
        self._advance = 2.0 * np.pi * series.fundamental_hz * frames.hop / frames.sample_rate

    @property
    def end(self) -> int:
        """Frame that is wanted next."""
        return self.first + len(self.phases)

    @property
    def fundamental_hz(self) -> float:
        """Of now."""
        return self._advance * self._frames.sample_rate / (2.0 * np.pi * self._frames.hop)

    def pick(self, spectra: C128) -> C128:
        """Its lines ``[lines, frames]`` in the next spectra ``[frames, bins]`` of a channel."""
        return self._frames.lines(spectra, np.asarray(self.fundamental_hz * self.numbers, np.float64))

    def extend(self, values: C128) -> None:
        """Take lines ``[channels, lines, frames]`` from `pick`, and follow the phase through them."""
        n_new = values.shape[2]
        last = self.phases[-1] if len(self.phases) else 0.0
        self.phases = np.concatenate((self.phases, last + self._advance * np.arange(1, n_new + 1)))
        self.values = np.concatenate((self.values, values), axis=2)
        # A phase known roughly tells nothing yet about high harmonics.
        for most in _HARMONICS_BY_TURN:
            if n_new > 1 or most >= len(self.numbers):
                self._follow(most)
            if most >= len(self.numbers):
                break
        reach = min(_SLOPE, len(self.phases) - 1)
        if reach:
            self._advance = float(self.phases[-1] - self.phases[-1 - reach]) / reach

    def judge(self) -> None:
        """Decide which harmonics are lines, and which of these are restless, from all that is remembered.

        What is not steady is no line, however loud: its phase against that of the series is another one in
        each note. A line is restless if it is never near its mean, not even while all else is silent, and
        what is left of it goes slowly: hum that swells and beats, which has to be followed faster.
        """
        values = self._steady(np.arange(len(self.numbers)), 0)
        n_frames = values.shape[2]
        middle = np.array([n_frames // 2])
        taper = np.hanning(2 * int(middle[0]) + 3)[1:-1]
        means, noise = _robust(values, middle, taper)
        power = np.abs(means[..., 0]) ** 2
        self.are_lines = power > max(_LINE_SNR_FRAMES / max(n_frames, 1), _LEAST_LINE_SNR) * noise[..., 0]
        self.are_restless = np.zeros_like(self.are_lines)
        if n_frames < _RESTLESS_FRAMES:
            return
        apart = (values - means)[self.are_lines]
        squared = np.abs(apart) ** 2
        # Frames two apart have no samples in common: noise has nothing in common there either.
        common = np.sum((apart[:, 2:] * np.conj(apart[:, :-2])).real, axis=1) / np.sum(squared, axis=1)
        least = np.quantile(squared, _RESTLESS_QUANTILE, axis=1) / power[self.are_lines]
        self.are_restless[self.are_lines] = (common > _RESTLESS_COMMON) & (least > _RESTLESS_LEAST)

    @property
    def heard(self) -> I64:
        """Places of the harmonics that some channel has."""
        return np.flatnonzero(self.are_lines.any(axis=0))

    def _steady(self, places: I64, first: int) -> C128:
        """Harmonics as seen from the phase of the series ``[channels, places, frames]``, from a frame on."""
        turn = np.exp(-1j * self.numbers[places, None] * self.phases[first:])
        return np.asarray(self.values[:, places, first:] * turn)

    def _means(self, places: I64, knots: I64, taper: F64) -> tuple[C128, F64]:
        """Robust means around frames in memory and the noise around them, ``[channels, places, knots]``."""
        first = max(int(knots[0]) - len(taper) // 2, 0)
        return _robust(self._steady(places, first), knots - first, taper)

    def _follow(self, most: int) -> None:
        """Correct the phase that is not final yet by how much it turns from knot to knot."""
        knots = np.arange(max(self._n_final - 1, 0), len(self.phases), _PHASE_STEP)
        places = self.heard
        places = places[self.numbers[places] <= most]
        if len(knots) < 2 or not len(places):
            return
        means, noise = self._means(places, knots, _taper(_PHASE_REACH_S))
        snr = np.abs(means) ** 2 / noise
        numbers = self.numbers[places, None]
        turned = np.angle(means[..., 1:] * np.conj(means[..., :-1]))
        weight = np.minimum(np.minimum(snr[..., 1:], snr[..., :-1]), _MOST_SNR)
        weight[weight < _PHASE_SNR] = 0.0
        told = np.sum(weight * numbers**2, axis=(0, 1))
        steps = np.sum(weight * numbers * turned, axis=(0, 1)) / np.maximum(told, 1e-9)
        steps = ndimage.median_filter(steps, min(5, len(steps)), mode="nearest")
        wrong = np.concatenate(([0.0], np.cumsum(steps)))
        slope = float(np.mean(steps[-3:])) / _PHASE_STEP
        frames = np.arange(self._n_final, len(self.phases))
        beyond = np.maximum(frames - knots[-1], 0) * slope
        self.phases[self._n_final :] += np.interp(frames, knots, wrong) + beyond

    def phase(self, frames: I64) -> F64:
        """Of the fundamental at frames of the stream, in radians; also a little outside its memory."""
        columns = frames - self.first
        inside = np.clip(columns, 0, len(self.phases) - 1)
        return np.asarray(self.phases[inside] + self._advance * (columns - inside))

    def amplitudes(self, frames: I64) -> C128:
        """Half the complex amplitudes relative to that phase ``[channels, lines, frames]``; 0 for no line."""
        found = np.zeros((*self.are_lines.shape, len(frames)), np.complex128)
        inside = np.clip(frames - self.first, 0, len(self.phases) - 1)
        for which, reach_s in ((~self.are_restless, REACH_S), (self.are_restless, _RESTLESS_REACH_S)):
            wanted = self.are_lines & which
            places = np.flatnonzero(wanted.any(axis=0))
            if len(places):
                means, _ = self._means(places, inside, _taper(reach_s))
                found[:, places] = np.where(wanted[:, places, None], means, found[:, places])
        return found

    def settle(self, end: int) -> None:
        """The phase before frame ``end`` of the stream is given away; forget what is too old to matter."""
        self._n_final = max(end - self.first, 0)
        old = self._n_final - round(_MEMORY_S / GRID_S)
        if old > 0:
            self.first += old
            self._n_final -= old
            self.phases, self.values = self.phases[old:].copy(), self.values[:, :, old:].copy()
