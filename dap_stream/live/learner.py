"""What takes longer than a hop, done beside the stream: learn from the last seconds, find their noise."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from dap_stream.kernels import F32
from dap_stream.learned import HISTORY_BLOCKS, BlockRecord, StepPlan, StepsBySurprise
from dap_stream.noise import NoiseFloor, steady_noise
from dap_stream.observation import active_frames, whiten
from dap_stream.prior.base import Block
from dap_stream.prior.choose import make_generator, make_profile
from dap_stream.prior.predictor import Predictor
from dap_stream.prior.surroundings import BEFORE
from dap_stream.profile import Profile
from dap_stream.settings import Settings

if TYPE_CHECKING:  # brings torch along, which only those have to wait for who make a learner
    from dap_stream.prior.context import ContextGenerator

SURE_S = 1.0  # of sound, until its noise is told from what began together with it


@dataclass(frozen=True)
class Levels:
    """Of one lane. After a pause those from before it stand, until as much has been heard again."""

    log_floor: F32  # [bins]
    log_noise: F32  # [bins] noise psd
    heard_s: float  # how much sound they are made from


@dataclass(frozen=True)
class Knowledge:
    """All that a stream needs to know for its next hops; replaced as a whole, never changed."""

    levels: tuple[Levels, ...]  # of each lane
    predictor: Predictor
    trust: float  # 0 to 1: how much of the learned gain may replace the classical one


@dataclass(frozen=True)
class Lesson:
    """What a learner is made for: plain values, which can go to another process.

    ``n_newest`` frames are new each time. With ``steps`` 0 the weights stay as ``profile`` has them, and are
    trusted.
    """

    settings: Settings
    profile: Profile | None
    steps: int
    n_newest: int


class Learning(Protocol):
    """A `Learner`, wherever it is. One call at a time."""

    @property
    def history(self) -> Sequence[BlockRecord]:
        """What was learned block by block, oldest first."""

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """Log power ``[frames, bins]`` of each lane, seconds before ``now_s``; None before any sound."""

    def profile(self) -> Profile:
        """The weights as they are now."""

    def reset(self) -> None:
        """As new."""


class Learner:
    """Turns the last seconds into a `Knowledge`."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        # The pieces are too small for a GPU.
        settings = replace(lesson.settings, device="cpu")
        self._generator = cast("ContextGenerator", make_generator(settings, lesson.profile))
        self._begin()

    def _begin(self) -> None:
        steps = self._lesson.steps
        self._plan: StepPlan | None = StepsBySurprise(steps) if steps else None
        self.history: deque[BlockRecord] = deque(maxlen=HISTORY_BLOCKS)
        self._trust = 0.0 if steps else 1.0
        self._n_looks = 0
        self._known: Knowledge | None = None

    def reset(self) -> None:
        """As new."""
        self._generator.reset()
        self._begin()

    def profile(self) -> Profile:
        """The weights as they are now."""
        return make_profile(self._lesson.settings, self._generator)

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """Log power ``[frames, bins]`` of each lane, seconds before ``now_s``; None before any sound."""
        lanes = [self._whitened(lane) for lane in log_observed]
        if self._plan is not None:
            self._learn(lanes[self._n_looks % len(lanes)][0], self._plan, now_s, is_frozen)
        self._n_looks += 1
        levels = [self._levels(*lane) for lane in lanes]
        if self._known is not None:
            levels = [
                old if new.heard_s < min(SURE_S, old.heard_s) else new
                for new, old in zip(levels, self._known.levels, strict=True)
            ]
        heard_s = [level.heard_s for level in levels if level.heard_s]
        if heard_s:
            trust = self._trust * min(1.0, min(heard_s) / SURE_S)
            self._known = Knowledge(tuple(levels), self._generator.predictor(), trust)
        return self._known

    def _levels(self, block: Block, log_floor: F32) -> Levels:
        is_active = block.is_active[BEFORE : len(block.is_active) - block.after]
        heard_s = int(is_active.sum()) / self._lesson.n_newest * self._lesson.settings.block_s
        if not heard_s:
            return Levels(log_floor, log_floor, 0.0)
        return Levels(log_floor, steady_noise(self._generator.predict(block) + log_floor, is_active), heard_s)

    def _whitened(self, log_observed: F32) -> tuple[Block, F32]:
        is_active = active_frames(log_observed)
        log_floor = NoiseFloor(1).advance(log_observed, is_active)
        white = np.pad(whiten(log_observed, is_active, log_floor), ((BEFORE, 0), (0, 0)))
        return Block(white, np.pad(is_active, (BEFORE, 0)), BEFORE, self._generator.after), log_floor

    def _learn(self, block: Block, plan: StepPlan, now_s: float, is_frozen: bool) -> None:
        newest = max(BEFORE, len(block.log_power) - self._lesson.n_newest - block.after)
        loss = self._generator.validate(Block(block.log_power, block.is_active, newest, block.after))
        steps = 0 if is_frozen else plan.steps(loss)
        self._generator.learn(block, steps)
        if np.isfinite(loss):
            self._trust = max(self._trust, self._generator.trust(loss))
        start_s = max(0.0, now_s - self._lesson.settings.block_s)
        self.history.append(BlockRecord(start_s, loss, steps))
