"""The method hop by hop: out of a hop comes what can be known of the frame a look-ahead before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from dap_stream import gain_kernels, kernels
from dap_stream.classical import ClassicalEstimator, decision_smoothing
from dap_stream.denoiser import STEPS_PER_BLOCK, check_format
from dap_stream.errors import SettingError
from dap_stream.framing import Analyser, FixedBlocks, Synthesiser
from dap_stream.kernels import C64, F32
from dap_stream.learned import BlockRecord
from dap_stream.live.history import History
from dap_stream.live.learner import Knowledge, Learner, Learning, Lesson
from dap_stream.observation import TINY, active_frames, lane_power, log_power, whiten
from dap_stream.prior.choose import make_profile
from dap_stream.prior.surroundings import BEFORE, GRID
from dap_stream.processor import Audio, Delay, checked_buffer
from dap_stream.profile import Profile
from dap_stream.settings import Settings
from dap_stream.stft import StftSpec, low_cut_gain
from dap_stream.units import db_to_gain, power_to_db, samples_to_ms

HAND_OVER_S = 0.25  # from the classical gain to the learned one, at least
NOISE_S = 0.5  # in which the noise psd follows what was found

Work: TypeAlias = Callable[[], None]
Submit: TypeAlias = Callable[[Work], None]
"""Does the work, now or soon in another thread; may drop it while it is still busy with the last."""


def at_once(work: Work) -> None:
    """The `Submit` of files and tests: the result does not depend on timing."""
    work()


@dataclass
class _State:
    """All that a stream leaves behind."""

    analyser: Analyser
    synthesiser: Synthesiser
    blocks: FixedBlocks
    waiting: C64  # [channels, look-ahead, bins] spectra that wait for later frames
    observed: list[History]  # of each lane, log power
    start: ClassicalEstimator
    clean: F32  # [lanes, bins] power of the last estimate
    log_noise: F32 | None = None  # [lanes, bins] on its way to what was found
    trust: float = 0.0
    n_hops: int = 0
    power_in: float = TINY  # smoothed, for the display
    power_out: float = TINY


class LiveDenoiser:
    """A `dap_stream.processor.Processor` with a latency of a window and a look-ahead.

    ``[channels, n]`` float32 in and out, ``latency`` samples later. The stream starts with the classical
    gain, or with ``profile``; once in ``settings.block_s`` the last ``settings.noise_s`` are handed to
    ``submit`` to be learned from, by what ``make_learner`` makes. ``reduction_db``, ``wet`` and
    ``is_frozen`` may be changed at any time.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        profile: Profile | None = None,
        learn: bool = True,
        submit: Submit = at_once,
        make_learner: Callable[[Lesson], Learning] = Learner,
    ) -> None:
        self.settings = settings or Settings(window_ms=32.0)
        check_format(sample_rate, channels)
        if self.settings.generator not in ("context", "classical"):
            raise SettingError(
                f"generator={self.settings.generator} cannot work live; choose context or classical"
            )
        self.sample_rate, self.channels = sample_rate, channels
        self.reduction_db, self.is_frozen = self.settings.reduction_db, False
        self._submit = submit
        self._has_profile = profile is not None
        self._spec = StftSpec.for_rate(sample_rate, self.settings.window_ms)
        self._hop_ms = samples_to_ms(self._spec.hop, sample_rate)
        self._keep = decision_smoothing(self._hop_ms)
        self._n_block = max(round(self.settings.block_s * 1000.0 / self._hop_ms), 8)
        self._low_cut = low_cut_gain(self._spec.frequencies_hz(sample_rate), self.settings.low_cut_hz)
        self._learner: Learning | None = None
        self._later = 0
        if self.settings.generator != "classical":
            steps = STEPS_PER_BLOCK if self.settings.steps is None else self.settings.steps
            lesson = Lesson(self.settings, profile, steps if learn else 0, self._n_block)
            self._learner, self._later = make_learner(lesson), GRID * self.settings.lookahead
        noise_hops = round(self.settings.noise_s * 1000.0 / self._hop_ms)
        self._n_recent = max(noise_hops, 2 * self._n_block, BEFORE + 1 + self._later)
        self.latency = self._spec.n_fft + self._later * self._spec.hop
        self.wet, self._dry = self.settings.wet, Delay(self.latency, channels)
        self._forget()

    def _forget(self) -> None:
        """What is known, and the stream."""
        self._knowledge: Knowledge | None = None
        self._n_hops = 0  # of the streams before this one
        self._begin(1.0 if self._has_profile else 0.0)

    def _begin(self, trust: float) -> None:
        """A new stream, of which nothing was heard yet."""
        self._dtype: np.dtype[np.float32 | np.float64] = np.dtype(np.float32)
        self._dry.reset()
        spec, n_lanes = self._spec, 1 if self.settings.linked else self.channels
        self._state = _State(
            analyser=Analyser(spec, self.channels, each=map),
            synthesiser=Synthesiser(spec, self.channels, each=map),
            blocks=FixedBlocks(spec.hop, self.channels, self._advance),
            waiting=np.zeros((self.channels, self._later, spec.n_bins), np.complex64),
            observed=[History(self._n_recent, spec.n_bins, float(np.log(TINY))) for _ in range(n_lanes)],
            start=ClassicalEstimator(self._hop_ms, self.reduction_db),
            clean=np.zeros((n_lanes, spec.n_bins), np.float32),
            trust=trust,
        )

    @property
    def latency_ms(self) -> float:
        """`latency` for display."""
        return samples_to_ms(self.latency, self.sample_rate)

    @property
    def history(self) -> Sequence[BlockRecord]:
        """What was learned block by block, oldest first."""
        return [] if self._learner is None else list(self._learner.history)

    @property
    def attenuation_db(self) -> float:
        """By how much the last moments were attenuated, in dB >= 0."""
        return max(power_to_db(self._state.power_in) - power_to_db(self._state.power_out), 0.0)

    def profile(self) -> Profile:
        """The weights as they are now."""
        return make_profile(self.settings, None) if self._learner is None else self._learner.profile()

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in, a new ``[channels, n]`` of the same dtype out, for any n."""
        buffer = checked_buffer(buffer, self.channels)
        self._dtype = buffer.dtype
        wet = self._state.blocks.process(np.ascontiguousarray(buffer, np.float32))
        dry = self._dry.process(buffer)
        return np.asarray(wet if self.wet >= 1.0 else dry + self.wet * (wet - dry), buffer.dtype)

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""
        tail = self.process(np.zeros((self.channels, self.latency), self._dtype))
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the stream and what was learned from it; settings and profile stay."""
        if self._learner is not None:
            self._learner.reset()
        self._forget()

    def rewind(self) -> None:
        """Forget the stream, and keep what was learned: for a device that went away and comes back."""
        self._n_hops += self._state.n_hops
        self._begin(self._state.trust)

    def _advance(self, samples: F32) -> F32:
        """One hop ``[channels, hop]`` in, one out."""
        state = self._state
        analysed, observed = state.analyser.advance(samples)
        spectra = np.concatenate((state.waiting, analysed), axis=1)
        ready = np.ascontiguousarray(spectra[:, :1])
        state.waiting = spectra[:, 1:]
        is_linked = self.settings.linked
        log_observed = log_power(lane_power(observed, is_linked))
        for history, row in zip(state.observed, log_observed, strict=True):
            history.push(row[0])
        state.n_hops += 1
        early = (self._n_block // 4, self._n_block // 2)
        if self._learner is not None and (state.n_hops % self._n_block == 0 or state.n_hops in early):
            self._ask(self._learner)
        power = lane_power(ready, is_linked)
        gain = self._gain(log_observed, power) * self._low_cut
        for i, lane in enumerate(gain):
            kernels.apply_gain(ready if is_linked else ready[i : i + 1], lane)
        self._meter(power, gain)
        return state.synthesiser.advance(ready)

    def _ask(self, learner: Learning) -> None:
        """Hand over the last seconds."""
        state = self._state
        n_rows = min(state.observed[0].n_seen, self._n_recent)
        recent = [history.last(n_rows) for history in state.observed]
        now_s = (self._n_hops + state.n_hops) * self._hop_ms / 1000.0

        def work() -> None:
            found = learner.look(recent, now_s, self.is_frozen)
            if state is self._state:  # not for a stream that was reset meanwhile
                self._knowledge = found

        self._submit(work)

    def _gain(self, log_observed: F32, power: F32) -> F32:
        """``[lanes, 1, bins]``, learned as far as that is trusted, else classical."""
        state, known = self._state, self._knowledge
        state.start.reduction_db = self.reduction_db
        log_floor = float(np.log(db_to_gain(-self.reduction_db)))
        if known is None:
            return state.start.advance(log_observed, power)
        step = self._hop_ms / (1000.0 * HAND_OVER_S)
        state.trust = max(state.trust, min(state.trust + step, known.trust))
        gain = self._learned(known, power, log_floor)
        if state.trust >= 1.0:
            return gain
        classical = state.start.advance(log_observed, power)
        return np.asarray(classical ** (1.0 - state.trust) * gain**state.trust, np.float32)

    def _learned(self, known: Knowledge, power: F32, log_floor: float) -> F32:
        state = self._state
        found = np.stack([level.log_noise for level in known.levels])
        if state.log_noise is None or state.n_hops < self._n_block:
            state.log_noise = found
        state.log_noise += np.float32(self._hop_ms / (1000.0 * NOISE_S)) * (found - state.log_noise)
        gain = np.empty_like(power)
        for i, history in enumerate(state.observed):
            rows = history.last(BEFORE + 1 + self._later)
            white = whiten(rows, active_frames(rows), known.levels[i].log_floor)
            log_expected = known.predictor(white) + known.levels[i].log_floor
            gain_kernels.omlsa_gain(
                log_expected[None],
                state.log_noise[i : i + 1],
                power[i],
                state.clean[i],
                self._keep,
                log_floor,
                gain[i],
            )
        return gain

    def _meter(self, power: F32, gain: F32) -> None:
        state, keep = self._state, 0.95
        state.power_in = keep * state.power_in + float(power.sum())
        state.power_out = keep * state.power_out + float((power * gain**2).sum())
