"""The piece of sound that is studied: what the network is fitted to, and what its images sound like."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dap_stream import gain_kernels
from dap_stream.classical import decision_smoothing
from dap_stream.errors import InputError
from dap_stream.io.file import FileSource
from dap_stream.kernels import C64, F32
from dap_stream.noise import NoiseFloor, steady_noise
from dap_stream.observation import active_frames, log_power, whiten
from dap_stream.prior.base import Block
from dap_stream.settings import Settings
from dap_stream.stft import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, StftSpec, istft, low_cut_gain, stft
from dap_stream.study.plan import LEAST_S, MOST_SAMPLES, StudyPlan
from dap_stream.units import db_to_gain, samples_to_ms, seconds_to_samples


@dataclass(frozen=True)
class Excerpt:
    """Sound ``[samples]`` and, derived from it, its spectrum and the block that is fitted."""

    audio: F32
    sample_rate: int
    settings: Settings = field(default_factory=Settings)
    spec: StftSpec = field(init=False)
    spectrum: C64 = field(init=False)  # [frames, bins]
    block: Block = field(init=False)
    log_floor: F32 = field(init=False)  # [bins]

    def __post_init__(self) -> None:
        spec = StftSpec.for_rate(self.sample_rate, self.settings.window_ms)
        observed = log_power(_power(stft(spec, self.audio, spec.observation)))
        is_active = active_frames(observed)
        log_floor = NoiseFloor(1).advance(observed, is_active)
        block = Block(whiten(observed, is_active, log_floor), is_active, before=0, after=0)
        derived = {
            "spec": spec, "spectrum": stft(spec, self.audio), "block": block, "log_floor": log_floor
        }  # fmt: skip
        for name, value in derived.items():
            object.__setattr__(self, name, value)

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
        gain = np.empty_like(log_expected)
        gain_kernels.omlsa_gain(
            log_expected,
            np.ascontiguousarray(np.broadcast_to(noise, gain.shape)),
            _power(self.spectrum),
            np.zeros(gain.shape[1], np.float32),
            decision_smoothing(samples_to_ms(self.spec.hop, self.sample_rate)),
            float(np.log(db_to_gain(-self.settings.reduction_db))),
            gain,
        )
        gain *= low_cut_gain(self.spec.frequencies_hz(self.sample_rate), self.settings.low_cut_hz)
        return istft(self.spec, (self.spectrum * gain).astype(np.complex64), self.n_samples)


def read_excerpt(path: str | Path, plan: StudyPlan) -> tuple[Excerpt, str | None]:
    """The part of a recording that is studied, channels averaged; and a note if the rest is left out."""
    with FileSource(path) as whole:
        rate, n_whole = whole.sample_rate, whole.n_samples
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise InputError(
            f"{path}: sample_rate={rate} Hz must be in {MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE}; resample first"
        )
    audio = _read(path, seconds_to_samples(plan.start_s, rate), seconds_to_samples(plan.end, rate))
    if len(audio) < LEAST_S * rate:
        raise InputError(
            f"{path}: {len(audio) / rate:.2f} s from {plan.start_s:g} s on are too short to learn from; "
            f"at least {LEAST_S:g} s are needed"
        )
    if len(audio) > MOST_SAMPLES:
        raise InputError(
            f"{path}: {len(audio) / rate:g} s at {rate} Hz are more than can be studied at once; "
            f"choose at most {MOST_SAMPLES / rate:g} s with --start and --end"
        )
    excerpt = Excerpt(audio, rate)
    if not excerpt.block.is_active.any():
        end_s = plan.start_s + excerpt.seconds
        raise InputError(
            f"{path}: nothing to learn from: {plan.start_s:g} s to {end_s:g} s is silent; "
            "choose another part with --start and --end"
        )
    is_chosen = plan.start_s > 0.0 or plan.end_s is not None
    if is_chosen or (n_whole is not None and n_whole <= len(audio)):
        return excerpt, None
    return (
        excerpt,
        f"{path}: only its first {excerpt.seconds:g} s are studied; choose others with --start and --end",
    )


def read_reference(path: str | Path, plan: StudyPlan, excerpt: Excerpt) -> F32:
    """The same part of the sound without noise ``[samples]``."""
    with FileSource(path) as whole:
        rate, n_whole = whole.sample_rate, whole.n_samples
    if rate != excerpt.sample_rate:
        raise InputError(
            f"{path}: has {rate} Hz, and the recording {excerpt.sample_rate} Hz; resample it first"
        )
    start = seconds_to_samples(plan.start_s, rate)
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
    with FileSource(path, start, stop) as source:
        audio = source.read(stop - start)
    is_finite = np.isfinite(audio).all(axis=0)
    if not is_finite.all():
        at = (start + int(np.argmin(is_finite))) / source.sample_rate
        raise InputError(
            f"{path}: holds samples that are no numbers (NaN or infinite), the first at {at:.3f} s; "
            "repair it or choose another part with --start and --end"
        )
    return np.asarray(audio.mean(axis=0), np.float32)


def _power(spectrum: C64) -> F32:
    return np.asarray(spectrum.real**2 + spectrum.imag**2, np.float32)
