"""The method, end to end: a stream of samples in, the same stream without its noise out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dap_stream import kernels
from dap_stream.classical import ClassicalEstimator
from dap_stream.errors import SettingError
from dap_stream.framing import Analyser, FixedBlocks, Synthesiser
from dap_stream.kernels import C64, F32
from dap_stream.learned import BlockRecord, EqualSteps, LearnedEstimator, StepPlan, StepsBySurprise
from dap_stream.observation import lane_power, log_power
from dap_stream.prior.choose import make_generator, make_profile
from dap_stream.processor import Audio, Delay, checked_buffer
from dap_stream.profile import Profile
from dap_stream.settings import DEEP_PRIORS, Settings
from dap_stream.stft import MAX_SAMPLE_RATE, MIN_SAMPLE_RATE, StftSpec, low_cut_gain
from dap_stream.units import power_to_db, samples_to_ms

MAX_CHANNELS = 64
STEPS_PER_BLOCK = 12


class Estimator(Protocol):
    """Gives the gain of each bin, some frames late."""

    delay: int

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Newest log power, and power ``delay`` frames before, to gain: all ``[lanes, frames, bins]``."""


@dataclass
class _State:
    """All that a stream leaves behind."""

    analyser: Analyser
    synthesiser: Synthesiser
    estimator: Estimator
    blocks: FixedBlocks
    dry: Delay
    waiting: C64  # [channels, delay, bins] spectra that wait for their gain
    dtype: np.dtype[Any]
    reduction_db: float = 0.0


class Denoiser:
    """A `dap_stream.processor.Processor` that takes the noise away.

    ``[channels, n]`` in, ``[channels, n]`` out, float32 or float64, ``latency`` samples later. With
    ``learn`` (the default without a profile, and for deep priors) the generator is fitted while the
    stream goes by; without, its weights stay as the profile has them. Calling the object cleans a
    whole array.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        profile: Profile | None = None,
        learn: bool | None = None,
    ) -> None:
        self.settings = settings or Settings()
        check_format(sample_rate, channels)
        self.sample_rate, self.channels = sample_rate, channels
        self.wet = self.settings.wet
        self._spec = StftSpec.for_rate(sample_rate, self.settings.window_ms)
        self._n_frames = max(round(self.settings.block_s * sample_rate / self._spec.hop), 8)
        self._noise_blocks = max(round(self.settings.noise_s / self.settings.block_s / 2.0), 1)
        self._low_cut = low_cut_gain(self._spec.frequencies_hz(sample_rate), self.settings.low_cut_hz)
        is_deep = self.settings.generator in DEEP_PRIORS
        if is_deep and learn is False:
            raise SettingError(
                f"generator={self.settings.generator} has to learn from each block: learn=True"
            )
        self._learns = (is_deep or profile is None) if learn is None else learn
        self._generator = make_generator(self.settings, profile)
        self._state = self._new_state()
        delay = self._state.estimator.delay * self._spec.hop
        self.latency: int = self._state.blocks.latency + self._spec.n_fft - self._spec.hop + delay
        self._state.dry = Delay(self.latency, channels)

    @property
    def latency_ms(self) -> float:
        """`latency` for display."""
        return samples_to_ms(self.latency, self.sample_rate)

    @property
    def reduction_db(self) -> float:
        """By how much the last block was attenuated, in dB >= 0."""
        return self._state.reduction_db

    @property
    def history(self) -> Sequence[BlockRecord]:
        """What was learned block by block (``settings.block_s`` each), oldest first; empty if nothing was."""
        estimator = self._state.estimator
        return list(estimator.history) if isinstance(estimator, LearnedEstimator) else []

    def profile(self) -> Profile:
        """The weights as they are now."""
        return make_profile(self.settings, self._generator)

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, a new ``[channels, n]`` of the same dtype out, for any n."""
        buffer = checked_buffer(buffer, self.channels)
        state = self._state
        state.dtype = buffer.dtype
        wet = state.blocks.process(np.ascontiguousarray(buffer, np.float32))
        dry = state.dry.process(buffer)
        if self.wet >= 1.0:
            return wet.astype(buffer.dtype)
        return np.asarray(dry + self.wet * (wet - dry), buffer.dtype)

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""
        tail = self.drain()
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the stream and what was learned from it; settings and profile stay."""
        if self._generator is not None:
            self._generator.reset()
        self._forget_stream()

    def _forget_stream(self) -> None:
        """What was learned stays."""
        dry = self._state.dry
        dry.reset()
        self._state = self._new_state()
        self._state.dry = dry

    def __call__(self, audio: Audio, sample_rate: int, reset: bool = True) -> Audio:
        """Clean a whole array, aligned: ``[samples]`` or ``[channels, samples]`` to the same shape.

        With ``reset=False`` the weights learned so far are kept for this call and the next.
        """
        if sample_rate != self.sample_rate:
            raise SettingError(
                f"sample_rate={sample_rate} must be {self.sample_rate}, as this Denoiser was made for"
            )
        if reset:
            self.reset()
        else:
            self._forget_stream()
        rows = np.atleast_2d(audio)
        out = np.concatenate((self.process(rows), self.drain()), axis=1)[:, self.latency :]
        if reset:
            self.reset()
        return out.reshape(audio.shape)

    def drain(self) -> Audio:
        """The last ``latency`` samples, as `flush`, but what was learned stays until `reset`."""
        return self.process(np.zeros((self.channels, self.latency), self._state.dtype))

    def _new_state(self) -> _State:
        spec = self._spec
        estimator = self._new_estimator()
        return _State(
            analyser=Analyser(spec, self.channels),
            synthesiser=Synthesiser(spec, self.channels),
            estimator=estimator,
            blocks=FixedBlocks(self._n_frames * spec.hop, self.channels, self._advance),
            dry=Delay(0, self.channels),
            waiting=np.zeros((self.channels, estimator.delay, spec.n_bins), np.complex64),
            dtype=np.dtype(np.float32),
        )

    def _new_estimator(self) -> Estimator:
        hop_ms = samples_to_ms(self._spec.hop, self.sample_rate)
        if self._generator is None:
            return ClassicalEstimator(hop_ms, self.settings.reduction_db)
        steps = STEPS_PER_BLOCK if self.settings.steps is None else self.settings.steps
        plan: StepPlan | None = None
        if self._learns:
            is_deep = self.settings.generator in DEEP_PRIORS
            plan = EqualSteps(steps) if is_deep else StepsBySurprise(steps)
        return LearnedEstimator(
            self._generator, self._n_frames, self._noise_blocks, hop_ms, self.settings.reduction_db, plan
        )

    def _advance(self, samples: F32) -> F32:
        """One block ``[channels, block]`` in, the cleaned one ``latency`` before it out."""
        state = self._state
        analysed, observed = state.analyser.advance(samples)
        spectra = np.concatenate((state.waiting, analysed), axis=1)
        ready = np.ascontiguousarray(spectra[:, : self._n_frames])
        state.waiting = spectra[:, self._n_frames :].copy()
        is_linked = self.settings.linked
        log_observed = log_power(lane_power(observed, is_linked))
        power = lane_power(ready, is_linked)
        gain = state.estimator.advance(log_observed, power)
        gain *= self._low_cut
        before = float(power.sum(dtype=np.float64))
        for i, lane in enumerate(gain):
            kernels.apply_gain(ready if is_linked else ready[i : i + 1], lane)
        after = float(lane_power(ready, is_linked).sum(dtype=np.float64))
        state.reduction_db = (
            max(power_to_db(before) - power_to_db(after), 0.0) if before > 0 and after > 0 else 0.0
        )
        return state.synthesiser.advance(ready)


def check_format(sample_rate: int, channels: int) -> None:
    """SettingError unless a stream of this rate and so many channels can be processed."""
    if not MIN_SAMPLE_RATE <= sample_rate <= MAX_SAMPLE_RATE:
        raise SettingError(
            f"sample_rate={sample_rate} Hz must be in {MIN_SAMPLE_RATE}..{MAX_SAMPLE_RATE}; resample first"
        )
    if not 1 <= channels <= MAX_CHANNELS:
        raise SettingError(f"channels={channels} must be in 1..{MAX_CHANNELS}")
