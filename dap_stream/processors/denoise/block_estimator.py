"""The gain of whole blocks: learn from the newest one, predict it, find the noise around it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F32, Mask
from dap_stream.dsp.features import active_frames, whiten
from dap_stream.dsp.gains import OmlsaGain
from dap_stream.dsp.noise_tracking import NoiseFloor, NoiseTracker
from dap_stream.models.base import Block
from dap_stream.processors.denoise.classical_estimator import ClassicalEstimator
from dap_stream.processors.denoise.hand_over import hand_over
from dap_stream.processors.denoise.known_noise import log_mean, with_known_noise
from dap_stream.processors.denoise.model import DenoiseModel
from dap_stream.processors.denoise.schedule import Schedule

CROSS_FADE = 16  # frames over which a block's prediction takes over from the last one's


@dataclass
class _Lane:
    """State of one row of power (all channels linked, or one channel), carried from block to block."""

    log_power: F32  # [rows, bins] of the last frames
    is_active: Mask  # [rows]
    floor: NoiseFloor
    noise: NoiseTracker
    tail: F32  # [CROSS_FADE, bins] log expected power, not yet final
    pending: deque[F32]  # log expected power of the blocks that wait for their noise psd
    gain: OmlsaGain


class BlockEstimator:
    """Gain of each bin for the frames ``delay`` before the newest, `Schedule.frames_per_call` at a time.

    If the schedule says that the model learns, it learns from each block before it predicts it, and the
    gain starts as the classical one.
    """

    def __init__(self, model: DenoiseModel, schedule: Schedule, reduction_db: float) -> None:
        self._model, self._schedule, self._reduction_db = model, schedule, reduction_db
        self._learns = schedule.learning != "none"
        self._n_frames, self._noise_blocks = schedule.frames_per_call, schedule.half_noise_blocks
        self._before, self._after = model.generator.before, model.generator.after
        self.delay = self._after + CROSS_FADE + self._noise_blocks * self._n_frames
        self._n_frames_seen = self._n_blocks = 0
        self._start_s = model.heard_s
        self._start = ClassicalEstimator(schedule.hop_ms, reduction_db) if self._learns else None
        # Of the blocks on their way out.
        self._trust: deque[float] = deque([model.trust] * (self._noise_blocks + 1))
        self._lanes: list[_Lane] | None = None
        self._known_noise = None if model.noise is None else log_mean(model.noise)

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Newest log power, and power ``delay`` frames before, to gain: all ``[lanes, frames, bins]``."""
        if self._lanes is None:
            self._lanes = [self._new_lane(log_observed.shape[2]) for _ in log_observed]
        self._n_frames_seen += self._n_frames
        blocks = [self._whiten(lane, newest) for lane, newest in zip(self._lanes, log_observed, strict=True)]
        if self._learns:
            self._learn([block for block, _ in blocks])
        out = np.empty_like(power)
        for i, (lane, (block, log_floor)) in enumerate(zip(self._lanes, blocks, strict=True)):
            log_expected, log_noise = self._separate(lane, block, log_floor)
            out[i] = lane.gain.advance(log_expected, log_noise, power[i], self._reduction_db)
        return self._hand_over(log_observed, power, out)

    def _new_lane(self, n_bins: int) -> _Lane:
        learned_rows = 2 * self._noise_blocks * self._n_frames if self._learns else 0
        rows = self._before + CROSS_FADE + self._after + learned_rows
        nothing = np.zeros((self._n_frames, n_bins), np.float32)
        return _Lane(
            log_power=np.zeros((rows, n_bins), np.float32),
            is_active=np.zeros(rows, np.bool_),
            floor=NoiseFloor(2 * self._noise_blocks),
            noise=NoiseTracker(self._noise_blocks),
            tail=np.zeros((CROSS_FADE, n_bins), np.float32),
            pending=deque([nothing] * self._noise_blocks),
            gain=OmlsaGain(n_bins, self._schedule.hop_ms),
        )

    def _whiten(self, lane: _Lane, newest: F32) -> tuple[Block, F32]:
        """The newest block with what came before it, over the noise floor; and the log floor ``[bins]``."""
        n_rows = len(lane.log_power)
        is_active = active_frames(newest)
        log_power = np.concatenate((lane.log_power, newest))
        is_active_all = np.concatenate((lane.is_active, is_active))
        log_floor = lane.floor.advance(newest, is_active)
        white = whiten(log_power, is_active_all, log_floor)
        lane.log_power, lane.is_active = log_power[-n_rows:], is_active_all[-n_rows:]
        # With weights that change, the last frames of the previous block are predicted again.
        n_predicted = self._n_frames + (CROSS_FADE if self._learns else 0)
        first_frame = self._n_frames_seen - len(white)
        before = len(white) - n_predicted - self._after
        return Block(white, is_active_all, before, self._after, first_frame), log_floor

    def _learn(self, blocks: list[Block]) -> None:
        block = blocks[self._n_blocks % len(blocks)]  # unlinked channels take turns
        self._model.learn(block, self._start_s + self._n_blocks * self._schedule.block_s)
        self._n_blocks += 1

    def _separate(self, lane: _Lane, block: Block, log_floor: F32) -> tuple[F32, F32]:
        """Log expected power and log noise psd ``[frames, bins]`` of the frames `delay` before the newest."""
        fresh = self._model.predict(block) + log_floor
        if self._learns:
            fade = (np.arange(CROSS_FADE, dtype=np.float32)[:, None] + 0.5) / CROSS_FADE
            fresh[:CROSS_FADE] = lane.tail + fade * (fresh[:CROSS_FADE] - lane.tail)
        else:
            fresh = np.concatenate((lane.tail, fresh))
        final, lane.tail = fresh[: self._n_frames], fresh[self._n_frames :]
        n_end = len(block.is_active) - CROSS_FADE - block.after
        log_noise = lane.noise.advance(final, block.is_active[n_end - self._n_frames : n_end])
        if self._known_noise is not None:
            log_noise = with_known_noise(log_noise, self._known_noise)
        lane.pending.append(final)
        return lane.pending.popleft(), log_noise

    def _hand_over(self, log_observed: F32, power: F32, gain: F32) -> F32:
        """The trust in each frame goes in a straight line from that in the last block to that in this one."""
        if self._start is None:
            return gain
        self._trust.append(self._model.trust)
        begin = self._trust.popleft()
        end = self._trust[0]
        if begin >= 1.0:
            self._start = None
            return gain
        classical = self._start.advance(log_observed, power)
        trust = np.linspace(begin, end, gain.shape[1], dtype=np.float32)[:, None]
        return hand_over(classical, gain, trust)
