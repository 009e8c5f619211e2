"""All that one live stream is made of, wired up: processor, learning thread, link, tap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from dap_stream.learned import BlockRecord
from dap_stream.live.apart import LearnerApart
from dap_stream.live.background import Background
from dap_stream.live.denoiser import LiveDenoiser
from dap_stream.live.display import Snapshot
from dap_stream.live.inside import Inside
from dap_stream.live.learner import Learner, Learning, Lesson
from dap_stream.live.link import Link
from dap_stream.live.tap import HandOver, Tap
from dap_stream.live.watch import Latency
from dap_stream.profile import Profile
from dap_stream.settings import Settings
from dap_stream.stft import StftSpec
from dap_stream.units import gain_to_db


@dataclass(frozen=True)
class Plan:
    """What does not change while a stream runs."""

    settings: Settings
    sample_rate: int
    channels: int
    block_size: int
    margin_blocks: int
    is_bypassed: bool = False


class Stream(Protocol):
    """Something that calls the link: PortAudio, JACK or a file."""

    @property
    def latency(self) -> Latency:
        """All of it."""

    def start(self) -> None:
        """Begin."""

    def check(self) -> None:
        """Raise what went wrong."""

    def close(self) -> None:
        """End."""


class Rig:
    """Built for a `Plan`, and used for one device after the other: what is learned stays, until `close`.

    ``background`` works at once until it is started. ``is_inline``: learning is part of the processing.
    """

    def __init__(self, plan: Plan, profile: Profile | None = None, is_inline: bool = False) -> None:
        self.plan, self.background, self.is_inline = plan, Background(), is_inline
        self._apart: LearnerApart | None = None
        make_learner: Callable[[Lesson], Learning] = Learner if is_inline else self._elsewhere
        rate, settings = plan.sample_rate, plan.settings
        # The share of wet is the link's, which can turn it without delay.
        self.denoiser = LiveDenoiser(
            rate,
            plan.channels,
            replace(settings, wet=1.0),
            profile,
            submit=self.background.submit,
            make_learner=make_learner,
        )
        self.inside = Inside(self.denoiser, self.denoiser.rewind)
        hop = StftSpec.for_rate(rate, settings.window_ms).hop
        self.link = Link(self.inside, plan.channels, rate, plan.block_size, plan.margin_blocks, hop)
        self.link.wet, self.link.bypass = settings.wet, plan.is_bypassed
        self.tap: Tap | None = None

    def _elsewhere(self, lesson: Lesson) -> LearnerApart:
        self._apart = LearnerApart(lesson)
        return self._apart

    def close(self) -> None:
        """Nothing more is learned. A second time does nothing."""
        self.background.stop()
        if self._apart is not None:
            self._apart.close()

    def warm_up(self, seconds: float = 0.5) -> None:
        """Compile and allocate all that is needed, recording too; nothing may run yet."""
        self.record_to(lambda dry, heard: None)
        self.denoiser.is_frozen = True  # looked at, not learned from: the stream need not wait for that
        self.link.warm_up(seconds)
        self.denoiser.is_frozen = False
        if self._apart is not None:
            self._apart.profile()  # waits until it is there, and raises what is wrong with it
        self.denoiser.reset()
        self.tap = self.inside.tap = None

    def record_to(self, hand_over: HandOver) -> None:
        """Hand over what is heard from now on; before the stream starts."""
        self.tap = Tap(self.link, hand_over)
        self.inside.tap = self.tap

    def reset(self) -> None:
        """Forget what was learned; the stream goes on. For any thread."""
        if self.background.pause():  # no weight changes meanwhile

            def forget() -> None:
                self.denoiser.reset()
                self.background.resume()

            self.inside.ask(forget)
        else:
            self.background.resume()

    def profile(self) -> Profile:
        """What was learned, whole. For any thread."""
        self.background.pause()
        try:
            return self.denoiser.profile()
        finally:
            self.background.resume()

    @property
    def history(self) -> Sequence[BlockRecord]:
        """Of the learning."""
        return self.denoiser.history

    def snapshot(self, latency_ms: float) -> Snapshot:
        """For the display; ``latency_ms`` is all of it."""
        link, level, counts = self.link, self.link.level(), self.link.counts()
        history = self.history
        return Snapshot(
            seconds=counts.n_samples / self.plan.sample_rate,
            peak_in_db=gain_to_db(level.peak_in),
            peak_out_db=gain_to_db(level.peak_out),
            attenuation_db=self.denoiser.attenuation_db,
            late_blocks=counts.late_blocks,
            lost_samples=counts.lost_samples,
            load=link.loads.median,
            load_p999=link.loads.p999,
            latency_ms=latency_ms,
            wet=link.wet,
            reduction_db=self.denoiser.reduction_db,
            loss=history[-1].loss if history else None,
            steps=history[-1].steps if history else 0,
            is_bypassed=link.bypass,
            is_frozen=self.denoiser.is_frozen,
            is_recording=self.tap is not None,
        )


def usual_block_size(sample_rate: int) -> int:
    """A power of two near 5 ms: 256 samples at 44.1 and 48 kHz."""
    return int(2 ** max(5, round(math.log2(sample_rate * 256 / 48000))))


def finite(value: float) -> float | None:
    """For JSON, which has no NaN and no infinity."""
    return value if math.isfinite(value) else None
