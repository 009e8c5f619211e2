"""Mixtures of made-up sounds as lessons: the features of the sum, and the true share of noise in each band.

A batch depends on the seed and on its own number alone, so that an education can be taken up again anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import fftconvolve, lfilter

from dap_stream.core.array_types import C64, F32
from dap_stream.dsp.bands import N_BANDS, Bands
from dap_stream.dsp.features import log_power
from dap_stream.dsp.stft import StftSpec
from dap_stream.education.bank import Shelf
from dap_stream.education.synthesis import places
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.models.band.feature_kernels import N_PER_BAND
from dap_stream.models.band.features import N_SHARED, BandFeatures, band_power

WINDOWS_MS = (48.0, 48.0, 48.0, 32.0, 32.0)  # of files, of live streams; each batch has one
RARE_WINDOWS_MS = (20.0, 24.0, 40.0, 64.0, 96.0)
SHAPES = ((32, 3.0), (32, 3.0), (24, 4.0), (12, 8.0))  # sounds in a batch and their seconds
N_ROOMS = 300
NEARLY_CLEAN = 0.2  # part of the mixtures: what is nearly clean has to stay as it is
ACTIVE_RANGE_DB = 30.0  # below its loudest frames a voice is taken to be silent


@dataclass(frozen=True)
class Batch:
    """One lesson. Time comes first, as in the network."""

    features: F32  # [frames, batch, N_FEATURES]
    noise_share: F32  # [frames, batch, N_BANDS] 0 to 1
    weight: F32  # [frames, batch, N_BANDS] of each of them in the loss
    has_voice: F32  # [frames, batch] 0 or 1


@dataclass
class Mixer:
    """Makes batches.

    Parameters
    ----------
    shelves
        By the name of the group.
    seed
        Of the education.
    left_out
        Names of makers that are never used, for ablations.
    """

    shelves: dict[str, Shelf]
    seed: int
    left_out: frozenset[str] = frozenset()
    _rooms: list[F32] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng([self.seed, 1])
        self._rooms = [places.room_response(rng) for _ in range(N_ROOMS)]

    def batch(
        self, number: int, window_ms: float | None = None, shape: tuple[int, float] | None = None
    ) -> Batch:
        """Batch ``number``; its window and shape are drawn unless they are given."""
        rng = np.random.default_rng([self.seed, 2, number])
        drawn = WINDOWS_MS[rng.integers(len(WINDOWS_MS))]
        if rng.uniform() < 0.12:
            drawn = RARE_WINDOWS_MS[rng.integers(len(RARE_WINDOWS_MS))]
        spec = StftSpec.for_rate(SAMPLE_RATE, window_ms or drawn)
        n_sounds, seconds = shape or SHAPES[rng.integers(len(SHAPES))]
        bands = Bands.for_stft(spec.n_fft, SAMPLE_RATE)
        lessons = [self._lesson(rng, spec, bands, seconds) for _ in range(n_sounds)]
        stacked = [np.stack(parts, axis=1) for parts in zip(*lessons, strict=True)]
        return Batch(*stacked)

    def _lesson(
        self, rng: np.random.Generator, spec: StftSpec, bands: Bands, seconds: float
    ) -> tuple[F32, F32, F32, F32]:
        n_samples = round(seconds * SAMPLE_RATE)
        mixture = self.mixture(rng, n_samples)
        colour = places.microphone_gain(rng, spec.frequencies_hz(SAMPLE_RATE))
        wanted = spec.spectrum(mixture.wanted, spec.observation) * colour
        noise = spec.spectrum(mixture.noise, spec.observation) * colour
        observed = wanted + noise
        if rng.uniform() < 0.08:
            total = mixture.wanted + mixture.noise
            spoilt = places.coded(rng, total) if rng.uniform() < 0.5 else places.saturate(rng, total)
            observed = spec.spectrum(np.asarray(spoilt, np.float32), spec.observation) * colour
        features = BandFeatures(bands, spec.n_fft, SAMPLE_RATE, spec.hop / SAMPLE_RATE, mixture.keeps_voice)
        seen = features.advance(log_power(_power(observed)))
        s, n = (band_power(bands, _power(part)) for part in (wanted, noise))
        share = n / (s + n + np.float32(1e-15))
        weight = np.ones_like(share)
        weight[s + n < 1e-14] = 0.0
        if rng.uniform() < 0.1:  # as at a lower sample rate
            n_present = int(rng.choice((28, 32, 35, 37)))
            view = seen[:, :-N_SHARED].reshape(len(seen), N_PER_BAND, N_BANDS)
            view[:, :, n_present:] = 0.0
            weight[:, n_present:] = 0.0
        level = 10.0 * np.log10(s.sum(axis=1) + 1e-15)
        has_voice = (mixture.has_voice & (level > level.max() - ACTIVE_RANGE_DB)).astype(np.float32)
        return seen, share, weight, has_voice

    def mixture(self, rng: np.random.Generator, n_samples: int) -> Mixture:
        """A wanted sound and a noise ``[n_samples]``, at the levels they are mixed at."""
        kind = rng.choice(("voices", "creatures", "instruments", "none"), p=(0.66, 0.13, 0.17, 0.04))
        keeps_voice = bool(rng.uniform() < 0.7) if kind in ("voices", "none") else False
        wanted = self._wanted(rng, kind, n_samples)
        noise = self._noise(rng, n_samples, keeps_voice)
        snr_db = rng.uniform(20.0, 60.0) if rng.uniform() < NEARLY_CLEAN else rng.uniform(-6.0, 20.0)
        wanted *= np.float32(1.0 / max(_active_rms(wanted), 1e-6))
        noise *= np.float32(10.0 ** (-snr_db / 20.0) / max(float(np.sqrt(np.mean(noise**2))), 1e-6))
        if kind == "none":
            wanted *= np.float32(10.0 ** rng.uniform(-4.0, -2.0))
        if kind != "none" and rng.uniform() < 0.95:
            # A recording never pauses in silence: what the room and the microphone add belongs to it.
            own = self._own_floor(rng, n_samples)
            wanted += own * np.float32(10.0 ** (rng.uniform(-70.0, -32.0) / 20.0))
        level = np.float32(10.0 ** (rng.uniform(-55.0, -12.0) / 20.0))
        if rng.uniform() < 0.06:  # digital silence somewhere
            begin, end = np.sort(rng.integers(0, n_samples, 2))
            wanted[begin:end] = 0.0
            noise[begin:end] = 0.0
        return Mixture(wanted * level, noise * level, keeps_voice, kind == "voices")

    def _excerpt(self, rng: np.random.Generator, group: str, n_samples: int) -> F32:
        return self.shelves[group].excerpt(rng, n_samples, self.left_out)

    def _in_room(self, rng: np.random.Generator, sound: F32, probability: float) -> F32:
        if rng.uniform() >= probability:
            return sound
        room = self._rooms[rng.integers(len(self._rooms))]
        return np.asarray(fftconvolve(sound, room)[: len(sound)], np.float32)

    def _wanted(self, rng: np.random.Generator, kind: str, n_samples: int) -> F32:
        if kind == "none":
            return np.asarray(rng.standard_normal(n_samples), np.float32)
        sound = self._in_room(rng, self._excerpt(rng, kind, n_samples), 0.6)
        if rng.uniform() < 0.12:  # another of the same kind
            other = self._in_room(rng, self._excerpt(rng, kind, n_samples), 0.6)
            sound = sound + other * np.float32(10.0 ** (rng.uniform(-12.0, 0.0) / 20.0))
        if rng.uniform() < 0.3:
            sound = sound * places.levels(rng, n_samples)
        return sound

    def _own_floor(self, rng: np.random.Generator, n_samples: int) -> F32:
        if rng.uniform() < 0.3:
            floor = self._excerpt(rng, "noises", n_samples)
        else:
            tilt = rng.uniform(-0.95, 0.3)
            white = rng.standard_normal(n_samples).astype(np.float32)
            floor = white if tilt > 0 else _pink(white, -tilt)
        return np.asarray(floor / max(float(np.sqrt(np.mean(floor**2))), 1e-6), np.float32)

    def _noise(self, rng: np.random.Generator, n_samples: int, keeps_voice: bool) -> F32:
        total = np.zeros(n_samples, np.float32)
        for i in range(int(rng.choice((1, 2, 3), p=(0.55, 0.3, 0.15)))):
            group = "noises"
            if keeps_voice and rng.uniform() < 0.06:
                group = str(rng.choice(("creatures", "instruments")))
            part = self._in_room(rng, self._excerpt(rng, group, n_samples), 0.3)
            rms = max(float(np.sqrt(np.mean(part**2))), 1e-6)
            fall_db = rng.uniform(0.0, 18.0) if i else 0.0
            total += part * np.float32(10.0 ** (-fall_db / 20.0) / rms)
        if rng.uniform() < 0.25:
            total = total * places.levels(rng, n_samples)
        return total


@dataclass(frozen=True)
class Mixture:
    """Wanted sound and noise ``[samples]``, what is wanted of it, and whether that is a voice."""

    wanted: F32
    noise: F32
    keeps_voice: bool
    has_voice: bool


def _pink(white: F32, pole: float) -> F32:
    return np.asarray(lfilter([1.0 - pole], [1.0, -pole], white), np.float32)


def _power(spectrum: C64) -> F32:
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def _active_rms(sound: F32) -> float:
    """Root mean square over the louder half of 20 ms frames, as signal-to-noise ratios are stated."""
    n = SAMPLE_RATE // 50
    energy = np.square(sound[: len(sound) // n * n].reshape(-1, n)).mean(axis=1)
    return float(np.sqrt(energy[energy >= np.median(energy)].mean()))
