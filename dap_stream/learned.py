"""The estimator with a generator: learn from the newest block, predict it, find the noise, give the gain."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dap_stream import gain_kernels
from dap_stream.classical import ClassicalEstimator, decision_smoothing
from dap_stream.kernels import F32
from dap_stream.noise import Mask, NoiseFloor, NoiseTracker
from dap_stream.observation import active_frames, whiten
from dap_stream.prior.base import IDEAL_LOSS, Block, Generator
from dap_stream.units import db_to_gain

CROSS_FADE = 16  # frames over which a block's prediction takes over from the last one's
HISTORY_BLOCKS = 4096  # of the record that is kept: a bit over an hour


@dataclass(frozen=True)
class BlockRecord:
    """A block of learning: its start, its loss before the first step on it (NaN in silence), the steps."""

    start_s: float
    loss: float
    steps: int


FIRST = 4  # times as many steps for the first block: nothing is known yet


class StepPlan(Protocol):
    """How many steps a block gets."""

    def steps(self, loss: float) -> int:
        """For the next block, which had this loss before its first step; NaN in silence."""


class EqualSteps:
    """The same for every block: for generators that know only what they were just fitted to."""

    def __init__(self, n_steps: int) -> None:
        self._n_steps, self._first = n_steps, FIRST

    def steps(self, loss: float) -> int:
        """All of them; more for the first block."""
        if not np.isfinite(loss):
            return 0
        first, self._first = self._first, 1
        return first * self._n_steps


class StepsBySurprise:
    """The loss of a block before the first step on it says whether the generator knows it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._usual: float | None = None  # running mean of the loss

    def steps(self, loss: float) -> int:
        """All of them for a block that is worse than usual, few for one as well known as the last ones."""
        if not np.isfinite(loss) or self._most == 0:
            return 0
        if self._usual is None:
            self._usual = loss
            return FIRST * self._most
        surprise = (loss - self._usual) / IDEAL_LOSS
        self._usual += 0.1 * (loss - self._usual)
        return int(np.clip(round(self._most * (0.35 + 5.0 * surprise)), 1, self._most))


@dataclass
class _Lane:
    """What one stream of power (all channels linked, or one channel) carries from block to block."""

    log_power: F32  # [rows, bins] of the last frames
    is_active: Mask  # [rows]
    floor: NoiseFloor
    noise: NoiseTracker
    tail: F32  # [CROSS_FADE, bins] log expected power, not yet final
    pending: deque[F32]  # log expected power of the blocks that wait for their noise psd
    clean: F32  # [bins] power of the last estimate


class LearnedEstimator:
    """Gain of each bin for the frames ``delay`` before the newest.

    ``n_frames`` per block; ``noise_blocks`` is half the span in which the noise is sought. With
    ``plan`` the generator learns while it goes, and the gain starts as the classical one.
    """

    def __init__(
        self,
        generator: Generator,
        n_frames: int,
        noise_blocks: int,
        hop_ms: float,
        reduction_db: float,
        plan: StepPlan | None,
    ) -> None:
        self.delay = generator.after + CROSS_FADE + noise_blocks * n_frames
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self._generator = generator
        self._n_frames_seen = 0
        self._n_blocks, self._block_s = 0, n_frames * hop_ms / 1000.0
        self._n_frames, self._noise_blocks = n_frames, noise_blocks
        self._plan = plan
        self._log_floor = float(np.log(db_to_gain(-reduction_db)))
        self._keep = decision_smoothing(hop_ms)
        self._start = ClassicalEstimator(hop_ms, reduction_db) if plan else None
        self._trust: deque[float] = deque([0.0] * (noise_blocks + 1))  # of the blocks on their way out
        self._lanes: list[_Lane] | None = None

    def advance(self, log_observed: F32, power: F32) -> F32:
        """Newest log power, and power ``delay`` frames before, to gain: all ``[lanes, frames, bins]``."""
        if self._lanes is None:
            self._lanes = [self._new_lane(log_observed.shape[2]) for _ in log_observed]
        self._n_frames_seen += self._n_frames
        blocks = [self._whiten(lane, newest) for lane, newest in zip(self._lanes, log_observed, strict=True)]
        if self._plan is not None:
            self._learn([block for block, _ in blocks], self._plan)
        out = np.empty_like(power)
        for lane, (block, log_floor), lane_power, gain in zip(self._lanes, blocks, power, out, strict=True):
            log_expected, log_noise = self._separate(lane, block, log_floor)
            gain_kernels.omlsa_gain(
                log_expected, log_noise, lane_power, lane.clean, self._keep, self._log_floor, gain
            )
        return self._hand_over(log_observed, power, out)

    def _new_lane(self, n_bins: int) -> _Lane:
        learned_rows = 2 * self._noise_blocks * self._n_frames if self._plan else 0
        rows = self._generator.before + CROSS_FADE + self._generator.after + learned_rows
        nothing = np.zeros((self._n_frames, n_bins), np.float32)
        return _Lane(
            log_power=np.zeros((rows, n_bins), np.float32),
            is_active=np.zeros(rows, np.bool_),
            floor=NoiseFloor(2 * self._noise_blocks),
            noise=NoiseTracker(self._noise_blocks),
            tail=np.zeros((CROSS_FADE, n_bins), np.float32),
            pending=deque([nothing] * self._noise_blocks),
            clean=np.zeros(n_bins, np.float32),
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
        after = self._generator.after
        # With weights that change, the last frames of the previous block are predicted again.
        n_predicted = self._n_frames + (CROSS_FADE if self._plan else 0)
        first_frame = self._n_frames_seen - len(white)
        return Block(white, is_active_all, len(white) - n_predicted - after, after, first_frame), log_floor

    def _learn(self, blocks: list[Block], plan: StepPlan) -> None:
        block = blocks[self._n_blocks % len(blocks)]  # unlinked channels take turns
        loss = self._generator.validate(block)
        steps = plan.steps(loss)
        self._generator.learn(block, steps)
        self.history.append(BlockRecord(self._n_blocks * self._block_s, loss, steps))
        self._n_blocks += 1

    def _separate(self, lane: _Lane, block: Block, log_floor: F32) -> tuple[F32, F32]:
        """Log expected power and log noise psd ``[frames, bins]`` of the frames `delay` before the newest."""
        fresh = self._generator.predict(block) + log_floor
        if self._plan is not None:
            fade = (np.arange(CROSS_FADE, dtype=np.float32)[:, None] + 0.5) / CROSS_FADE
            fresh[:CROSS_FADE] = lane.tail + fade * (fresh[:CROSS_FADE] - lane.tail)
        else:
            fresh = np.concatenate((lane.tail, fresh))
        final, lane.tail = fresh[: self._n_frames], fresh[self._n_frames :]
        n_end = len(block.is_active) - CROSS_FADE - block.after
        log_noise = lane.noise.advance(final, block.is_active[n_end - self._n_frames : n_end])
        lane.pending.append(final)
        return lane.pending.popleft(), log_noise

    def _hand_over(self, log_observed: F32, power: F32, gain: F32) -> F32:
        """From the classical gain to the learned one as the generator begins to know the recording."""
        if self._start is None:
            return gain
        loss = self.history[-1].loss
        if np.isfinite(loss):
            self._trust.append(max(self._trust[-1], self._generator.trust(loss)))
        else:
            self._trust.append(self._trust[-1])
        begin = self._trust.popleft()
        end = self._trust[0]
        if begin >= 1.0:
            self._start = None
            return gain
        classical = self._start.advance(log_observed, power)
        trust = np.linspace(begin, end, gain.shape[1], dtype=np.float32)[:, None]
        return np.asarray(classical ** (1.0 - trust) * gain**trust, np.float32)
