"""The piece of sound that is studied: what the network is fitted to, and what its images sound like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dap_stream.apps.study.settings import LEAST_S, MOST_SAMPLES, StudySettings
from dap_stream.core.array_types import C64, F32, Mask
from dap_stream.core.finite import MAX_SAMPLE, not_a_sound
from dap_stream.core.stream_format import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from dap_stream.core.units import samples_to_ms, seconds_to_samples
from dap_stream.dsp.features import log_power
from dap_stream.dsp.filters import low_cut_gain
from dap_stream.dsp.gains import OmlsaGain
from dap_stream.dsp.noise_tracking import steady_noise
from dap_stream.dsp.stft import StftSpec, istft, stft
from dap_stream.errors import InputError
from dap_stream.io.open_audio import open_audio
from dap_stream.models.base import Block
from dap_stream.processors.denoise.settings import DenoiseSettings


@dataclass(frozen=True)
class Excerpt:
    """Sound ``[samples]``, and what `of_sound` derives from it: its spectrum and the block that is fitted."""

    audio: F32
    sample_rate: int
    denoise: DenoiseSettings
    spec: StftSpec
    spectrum: C64  # [frames, bins]
    block: Block
    log_floor: F32  # [bins]

    @classmethod
    def of_sound(
        cls,
        audio: F32,
        sample_rate: int,
        denoise: DenoiseSettings | None = None,
        is_known: Mask | None = None,
    ) -> Excerpt:
        """With everything derived; ``denoise`` as in a file, and its defaults where it is not given.

        ``is_known [frames, bins]`` are the cells that are fitted, all unless given.
        """
        denoise = (denoise or DenoiseSettings()).for_files()
        spec = excerpt_spec(sample_rate, denoise)
        observed = log_power(power(stft(spec, audio, spec.observation)))
        block, log_floor = Block.of_excerpt(observed, is_known=is_known)
        return cls(audio, sample_rate, denoise, spec, stft(spec, audio), block, log_floor)

    @property
    def n_samples(self) -> int:
        """Its length."""
        return len(self.audio)

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.audio) / self.sample_rate

    def magnitude_sound(self, image: F32) -> F32:
        """The network's own magnitude with the noisy phase ``[samples]``.

        ``image [frames, bins]``: natural log of the expected power over the floor.
        """
        size = np.abs(self.spectrum)
        phase = self.spectrum / np.maximum(size, np.float32(1e-20))
        magnitude = np.exp(0.5 * (image + self.log_floor)) * self.block.is_active[:, None]
        return istft(self.spec, (phase * magnitude).astype(np.complex64), self.n_samples)

    def gain_sound(self, image: F32) -> F32:
        """The noisy sound with the gain that follows from the image ``[samples]``, as in `denoise`."""
        log_expected = np.ascontiguousarray(image + self.log_floor, np.float32)
        noise = steady_noise(log_expected, self.block.is_active)
        omlsa = OmlsaGain(self.spec.n_bins, samples_to_ms(self.spec.hop, self.sample_rate))
        log_noise = np.ascontiguousarray(np.broadcast_to(noise, log_expected.shape))
        reduction_db = self.denoise.reduction_db
        gain = omlsa.advance(log_expected, log_noise, power(self.spectrum), reduction_db)
        gain *= low_cut_gain(self.spec.frequencies_hz(self.sample_rate), self.denoise.low_cut_hz)
        return istft(self.spec, (self.spectrum * gain).astype(np.complex64), self.n_samples)


def excerpt_spec(sample_rate: int, denoise: DenoiseSettings | None = None) -> StftSpec:
    """Geometry of the spectrogram that is studied."""
    return StftSpec.for_rate(sample_rate, (denoise or DenoiseSettings().for_files()).window())


def power(spectrum: C64) -> F32:
    """Squared magnitudes, of the same shape."""
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)


def read_excerpt(path: str | Path, settings: StudySettings) -> tuple[F32, int, str | None]:
    """The part of a recording that is studied ``[samples]``, channels averaged; its rate; and a note if the
    rest is left out.
    """
    with open_audio(path) as whole:
        rate, n_whole = whole.sample_rate, whole.n_samples
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise InputError(
            f"{path}: sample_rate={rate} Hz must be in {MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE}; resample first"
        )
    audio = _read(path, seconds_to_samples(settings.start_s, rate), seconds_to_samples(settings.end, rate))
    if len(audio) < LEAST_S * rate:
        raise InputError(
            f"{path}: {len(audio) / rate:.2f} s from {settings.start_s:g} s on are too short to learn from; "
            f"at least {LEAST_S:g} s are needed"
        )
    if len(audio) > MOST_SAMPLES:
        raise InputError(
            f"{path}: {len(audio) / rate:g} s at {rate} Hz are more than can be studied at once; "
            f"choose at most {MOST_SAMPLES / rate:g} s with --start and --end"
        )
    is_chosen = settings.start_s > 0.0 or settings.end_s is not None
    if is_chosen or (n_whole is not None and n_whole <= len(audio)):
        return audio, rate, None
    seconds = len(audio) / rate
    return (
        audio,
        rate,
        f"{path}: only its first {seconds:g} s are studied; choose others with --start and --end",
    )


def read_reference(path: str | Path, settings: StudySettings, excerpt: Excerpt) -> F32:
    """The same part of the sound without noise or damage ``[samples]``."""
    with open_audio(path) as whole:
        rate, n_whole = whole.sample_rate, whole.n_samples
    if rate != excerpt.sample_rate:
        raise InputError(
            f"{path}: has {rate} Hz, and the recording {excerpt.sample_rate} Hz; resample it first"
        )
    start = seconds_to_samples(settings.start_s, rate)
    stop = start + excerpt.n_samples
    is_short = n_whole is not None and n_whole < stop
    audio = np.zeros(0, np.float32) if is_short else _read(path, start, stop)
    if len(audio) < excerpt.n_samples:
        length = "" if n_whole is None else f" after {n_whole / rate:.2f} s"
        raise InputError(
            f"{path}: ends{length} before the excerpt does, at {stop / rate:.2f} s; "
            "give a reference as long as the recording"
        )
    if not audio.any():
        raise InputError(f"{path}: is silent in the excerpt, so nothing can be compared with it")
    return audio


def _read(path: str | Path, start: int, stop: int) -> F32:
    """Mean of the channels ``[samples]``; InputError if there is a sample that is no number."""
    with open_audio(path, start, stop) as source:
        audio = source.read(stop - start)
    is_finite = ~not_a_sound(audio).any(axis=0)
    if not is_finite.all():
        at = (start + int(np.argmin(is_finite))) / source.sample_rate
        raise InputError(
            f"{path}: holds samples that are no sound (NaN, infinite or beyond {MAX_SAMPLE:g}), "
            f"the first at {at:.3f} s; "
            "repair it or choose another part with --start and --end"
        )
    return np.asarray(audio.mean(axis=0), np.float32)
