"""The gain frame by frame: as late as a window and a look-ahead, from what a `LiveModel` knows."""

from __future__ import annotations

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.dsp.features import TINY, active_frames, whiten
from dap_stream.dsp.gains import OmlsaGain
from dap_stream.models.context.receptive_field import BEFORE
from dap_stream.processors.denoise.classical_estimator import ClassicalEstimator
from dap_stream.processors.denoise.frame_history import FrameHistory
from dap_stream.processors.denoise.hand_over import hand_over
from dap_stream.processors.denoise.learner import Knowledge
from dap_stream.processors.denoise.live_model import LiveModel
from dap_stream.processors.denoise.schedule import Schedule

HAND_OVER_S = 0.25  # from the classical gain to the learned one, at least
NOISE_S = 0.5  # in which the noise psd follows what was newest


class FrameEstimator:
    """Gain of the frame ``delay`` before the newest, learned as far as that is trusted, else classical.

    Once in a block it hands the last seconds to the model to be learned from. ``reduction_db`` may be
    changed in mid-stream.
    """

    def __init__(self, model: LiveModel, schedule: Schedule, reduction_db: float) -> None:
        self.delay = schedule.lookahead_frames
        self.reduction_db = reduction_db
        self._model, self._schedule = model, schedule
        self._begin()

    def _begin(self) -> None:
        """Nothing heard yet; trust only what the model has to offer now."""
        schedule, model = self._schedule, self._model
        self._n_resets = model.n_resets
        self._trust = model.start_trust
        self._start = ClassicalEstimator(schedule.hop_ms, self.reduction_db)
        history = model.history
        self._start_s = history[-1].start_s + schedule.block_s if history else 0.0
        self._n_hops = 0
        self._observed: list[FrameHistory] = []  # of each lane, log power
        self._gains: list[OmlsaGain] = []
        self._log_noise: F32 | None = None  # [lanes, bins] on its way to what was found

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Newest log power, and power ``delay`` frames before, to gain: all ``[lanes, 1, bins]``."""
        if self._n_resets != self._model.n_resets:  # in mid-stream: as if it began here
            self._begin()
        if not self._observed:
            n_lanes, _, n_bins = log_observed.shape
            fill = float(np.log(TINY))
            self._observed = [FrameHistory(self._schedule.noise_frames, n_bins, fill) for _ in range(n_lanes)]
            self._gains = [OmlsaGain(n_bins, self._schedule.hop_ms) for _ in range(n_lanes)]
        for history, row in zip(self._observed, log_observed, strict=True):
            history.push(row[0])
        self._n_hops += 1
        n_block = self._schedule.frames_per_block
        if self._n_hops % n_block == 0 or self._n_hops in (n_block // 4, n_block // 2):
            self._ask()
        return self._gain(log_observed, power)

    def _ask(self) -> None:
        """Hand over the last seconds."""
        n_rows = min(self._observed[0].n_seen, self._schedule.noise_frames)
        recent = [history.last(n_rows) for history in self._observed]
        now_s = self._start_s + self._n_hops * self._schedule.hop_ms / 1000.0
        self._model.ask(recent, now_s, self._n_resets)

    def _gain(self, log_observed: F32, power: F32) -> F32:
        known = self._model.knowledge
        self._start.reduction_db = self.reduction_db
        if known is None:
            return self._start.advance(log_observed, power)
        step = self._schedule.hop_ms / (1000.0 * HAND_OVER_S)
        self._trust = max(self._trust, min(self._trust + step, known.trust))
        gain = self._learned(known, power)
        if self._trust >= 1.0:
            return gain
        return hand_over(self._start.advance(log_observed, power), gain, self._trust)

    def _learned(self, known: Knowledge, power: F32) -> F32:
        newest = np.stack([level.log_noise for level in known.levels])
        if self._log_noise is None or self._n_hops < self._schedule.frames_per_block:
            self._log_noise = newest
        self._log_noise += np.float32(self._schedule.hop_ms / (1000.0 * NOISE_S)) * (newest - self._log_noise)
        gain = np.empty_like(power)
        for i, history in enumerate(self._observed):
            rows = history.last(BEFORE + 1 + self.delay)
            white = whiten(rows, active_frames(rows), known.levels[i].log_floor)
            log_expected = known.snapshot.predict(white) + known.levels[i].log_floor
            gain[i] = self._gains[i].advance(
                log_expected[None], self._log_noise[i : i + 1], power[i], self.reduction_db
            )
        return gain
