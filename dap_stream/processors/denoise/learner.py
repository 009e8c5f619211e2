"""The slow part of a live stream, done beside it: learn from the last seconds, find their noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from dap_stream.core.array_types import F32
from dap_stream.core.profile import Profile
from dap_stream.dsp.noise_tracking import steady_noise
from dap_stream.models.band.frames import Frames
from dap_stream.models.band.predictor import BandPredictor
from dap_stream.models.band.stream import BandStream
from dap_stream.models.base import Block
from dap_stream.models.context.receptive_field import BEFORE
from dap_stream.models.context.snapshot import Snapshot, SnapshotGenerator
from dap_stream.processors.denoise.model import BlockRecord, DenoiseModel
from dap_stream.processors.denoise.settings import DenoiseSettings

SURE_S = 1.0  # of sound, until its noise is told from what began together with it


@dataclass(frozen=True)
class LaneLevels:
    """Of one lane. After a pause those from before it stand, until as much has been heard again."""

    log_floor: F32  # [bins]
    log_noise: F32  # [bins] noise psd
    heard_s: float  # how much sound they are made from


@dataclass(frozen=True)
class Knowledge:
    """All that a stream needs to know for its next hops; replaced as a whole, never changed."""

    levels: tuple[LaneLevels, ...]  # of each lane
    snapshot: Snapshot
    trust: float  # 0 to 1: how much of the learned gain may replace the classical one
    bands: BandPredictor | None = None  # None: as at the start


@dataclass(frozen=True)
class Lesson:
    """Order for a learner: plain values, which can go to another process.

    ``n_newest`` frames are new each time. Without ``learns`` the weights stay as ``profile`` has them, and
    are trusted.
    """

    settings: DenoiseSettings
    profile: Profile | None
    learns: bool
    n_newest: int
    frames: Frames | None = None  # for the band network, where it is fitted


class Learning(Protocol):
    """A `Learner`, wherever it is. One call at a time."""

    settings: DenoiseSettings

    @property
    def history(self) -> Sequence[BlockRecord]:
        """Record of the learning, block by block, oldest first."""

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """Log power ``[frames, bins]`` of each lane, seconds before ``now_s``; None before any sound."""

    def profile(self) -> Profile:
        """The weights as they are now."""

    def reset(self) -> None:
        """As new."""

    def close(self) -> None:
        """Nothing more is learned."""


class Learner:
    """Turns the last seconds into a `Knowledge`."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson, self.settings = lesson, lesson.settings
        # The pieces are too small for a GPU.
        self._model = DenoiseModel(replace(lesson.settings, device="cpu"), lesson.profile)
        self._begin()

    def _begin(self) -> None:
        self._n_looks = 0
        self._heard_s = 0.0
        self._listener: BandStream | None = None
        self._known: Knowledge | None = None

    @property
    def history(self) -> Sequence[BlockRecord]:
        """Record of the learning, block by block, oldest first."""
        return self._model.history

    def reset(self) -> None:
        """As new."""
        self._model.reset()
        self._begin()

    def profile(self) -> Profile:
        """The weights as they are now."""
        return self._model.profile()

    def close(self) -> None:
        """Nothing to give back."""

    def look(self, log_observed: Sequence[F32], now_s: float, is_frozen: bool) -> Knowledge | None:
        """Log power ``[frames, bins]`` of each lane, seconds before ``now_s``; None before any sound."""
        after = self._model.generator.after
        lanes = [Block.of_excerpt(lane, BEFORE, after, is_end_known=True) for lane in log_observed]
        if self._lesson.learns:
            turn = self._n_looks % len(lanes)
            self._learn(lanes[turn][0], now_s, is_frozen)
            if not is_frozen and self._lesson.frames is not None:
                self._hear(self._newest(log_observed[turn], now_s), self._lesson.frames)
        self._n_looks += 1
        levels = [self._levels(*lane) for lane in lanes]
        if self._known is not None:
            levels = [
                old if new.heard_s < min(SURE_S, old.heard_s) else new
                for new, old in zip(levels, self._known.levels, strict=True)
            ]
        heard_s = [level.heard_s for level in levels if level.heard_s]
        if heard_s:
            trust = self._model.trust if self._lesson.learns else 1.0
            trust *= min(1.0, min(heard_s) / SURE_S)
            snapshot = cast(SnapshotGenerator, self._model.generator).snapshot()
            self._known = Knowledge(tuple(levels), snapshot, trust, self._bands())
        return self._known

    def _hear(self, newest: F32, frames: Frames) -> None:
        """Find out whether there are voices, and fit the band network."""
        bands = self._model.bands
        if bands is None or not len(newest):
            return
        if not bands.wanted.is_settled:
            self._listener = self._listener or BandStream(frames, 0, bands.wanted)
            self._listener.advance(newest, bands.predictor)
        self._model.hear(newest, frames)

    def _newest(self, log_observed: F32, now_s: float) -> F32:
        """The part of the last seconds ``[frames, bins]`` that was not heard before."""
        assert self._lesson.frames is not None
        n = round((now_s - self._heard_s) / self._lesson.frames.hop_s)
        self._heard_s = now_s
        return log_observed[max(len(log_observed) - n, 0) :] if n > 0 else log_observed[:0]

    def _bands(self) -> BandPredictor | None:
        """The band network, once it is another than at the start."""
        bands = self._model.bands
        return None if bands is None or bands.is_as_at_start else bands.predictor

    def _levels(self, block: Block, log_floor: F32) -> LaneLevels:
        is_active = block.is_active[BEFORE : len(block.is_active) - block.after]
        heard_s = int(is_active.sum()) / self._lesson.n_newest * self._lesson.settings.block_s
        if not heard_s:
            return LaneLevels(log_floor, log_floor, 0.0)
        return LaneLevels(log_floor, steady_noise(self._model.predict(block) + log_floor, is_active), heard_s)

    def _learn(self, block: Block, now_s: float, is_frozen: bool) -> None:
        newest = max(BEFORE, len(block.log_power) - self._lesson.n_newest - block.after)
        start_s = max(0.0, now_s - self._lesson.settings.block_s)
        judged = Block(block.log_power, block.is_active, newest, block.after)
        self._model.learn(block, start_s, judged, is_frozen)
