"""All that one live stream is made of, wired up: models, processors, duplex buffer, tap for the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.model import BackgroundModel
from dap_stream.core.processor import Processor
from dap_stream.core.profile import Profile
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import gain_to_db
from dap_stream.errors import DapStreamError
from dap_stream.processors.build import for_live, make_live_chain, make_live_models
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.processors.rehearsal import rehearse_live
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.heard_tap import HandOver, HeardTap, TappedProcessor
from dap_stream.realtime.watchdog import Latency


class Stream(Protocol):
    """Something that calls the duplex buffer: PortAudio, JACK or a file."""

    @property
    def latency(self) -> Latency:
        """All of it."""

    def start(self) -> None:
        """Begin."""

    def check(self) -> None:
        """Raise what went wrong."""

    def close(self) -> None:
        """End."""


class Adjustable(Protocol):
    """A processor whose largest attenuation can be turned while it runs."""

    reduction_db: float


@dataclass(frozen=True)
class StreamStatus:
    """A live stream at one moment. Levels in dBFS (``-inf``: silence), loads as compute time / audio time."""

    seconds: float
    peak_in_db: float
    peak_out_db: float
    attenuation_db: float
    late_blocks: int
    lost_samples: int
    load: float
    load_p999: float
    latency_ms: float
    wet: float
    reduction_db: float | None = None  # if a processor has that knob
    loss: float | None = None  # before the first block of learning
    steps: int = 0
    n_learned: int = 0  # blocks of learning
    is_bypassed: bool = False
    is_frozen: bool = False
    is_recording: bool = False


class LiveChain:
    """Built for one format, and used for one device after the other: what is learned stays, until `close`.

    ``is_inline``: learning is part of the processing; otherwise it goes on beside the stream from `start` on.
    """

    def __init__(
        self, settings: LiveSettings, stream: StreamFormat, block_size: int, is_inline: bool = False
    ) -> None:
        self.settings, self.stream, self.block_size = settings, stream, block_size
        self.is_inline = is_inline
        self.chain_settings = for_live(settings.chain)
        self.models: dict[str, BackgroundModel] = make_live_models(
            self.chain_settings, stream, settings.profile, is_background=not is_inline
        )
        try:
            chain, wet = _with_wet_outside(self.chain_settings)
            self.processor = make_live_chain(chain, stream, self.models)
            self.tapped = TappedProcessor(self.processor)
            self.duplex = DuplexBuffer(
                self.tapped,
                stream.channels,
                stream.sample_rate,
                block_size,
                settings.margin_blocks,
                _hop(self.processor.processors),
            )
        except BaseException:
            self.close()
            raise
        self.duplex.wet, self.duplex.bypass = wet, settings.is_bypassed
        self.tap: HeardTap | None = None

    @property
    def adjustable(self) -> Adjustable | None:
        """The processor whose reduction can be turned, if there is one."""
        for processor in self.processor.processors:
            if hasattr(processor, "reduction_db"):
                return cast(Adjustable, processor)
        return None

    @property
    def error(self) -> BaseException | None:
        """Error that ended the learning, if any did."""
        return next((model.error for model in self.models.values() if model.error is not None), None)

    @property
    def is_frozen(self) -> bool:
        """Nothing is learned, though it could be. May be changed at any time."""
        return any(model.is_frozen for model in self.models.values())

    @is_frozen.setter
    def is_frozen(self, value: bool) -> None:
        for model in self.models.values():
            model.is_frozen = value

    @property
    def dropped(self) -> int:
        """Pieces that were not learned from, for want of time."""
        return sum(model.dropped for model in self.models.values())

    @property
    def history(self) -> Sequence[Any]:
        """Of the learning, if anything learns."""
        return next((model.history for model in self.models.values()), [])

    def start_learning(self) -> None:
        """From now on beside the stream."""
        for model in self.models.values():
            model.start()

    def close(self) -> None:
        """Nothing more is learned. A second time does nothing."""
        for model in self.models.values():
            model.close()

    def warm_up(self, seconds: float = 0.5) -> None:
        """Compile and allocate all that is needed, recording too; nothing may run yet."""
        rehearse_live(self.chain_settings, self.stream)
        self.record_to(lambda dry, heard: None)
        self.is_frozen = True  # looked at, not learned from: the stream need not wait for that
        self.duplex.warm_up(seconds)
        self.is_frozen = False
        for model in self.models.values():
            model.profile()  # waits until it is there, and raises what is wrong with it
            model.reset()
        self.duplex.reset()
        self.stop_recording()

    def record_to(self, hand_over: HandOver) -> None:
        """Hand over what is heard from now on; before the stream starts."""
        self.tap = HeardTap(self.duplex, hand_over)
        self.tapped.tap = self.tap

    def stop_recording(self) -> None:
        """Hand over no more; after the stream."""
        self.tap = self.tapped.tap = None

    def reset(self) -> None:
        """Forget what was learned; the stream goes on. For any thread, and at once."""
        for model in self.models.values():
            model.reset()

    def profile(self) -> Profile:
        """Weights learned so far, whole. For any thread; DapStreamError if nothing learns."""
        for model in self.models.values():
            return model.profile()
        raise DapStreamError("nothing in the chain learns, so there is no profile to save")

    def status(self, latency_ms: float) -> StreamStatus:
        """For the display; ``latency_ms`` is all of it."""
        duplex, level, counts = self.duplex, self.duplex.level(), self.duplex.counts()
        history, adjustable = self.history, self.adjustable
        return StreamStatus(
            seconds=counts.n_samples / self.stream.sample_rate,
            peak_in_db=gain_to_db(level.peak_in),
            peak_out_db=gain_to_db(level.peak_out),
            attenuation_db=self.processor.attenuation_db or 0.0,
            late_blocks=counts.late_blocks,
            lost_samples=counts.lost_samples,
            load=duplex.loads.median,
            load_p999=duplex.loads.p999,
            latency_ms=latency_ms,
            wet=duplex.wet,
            reduction_db=None if adjustable is None else adjustable.reduction_db,
            loss=history[-1].loss if history else None,
            steps=history[-1].steps if history else 0,
            n_learned=len(history),
            is_bypassed=duplex.bypass,
            is_frozen=self.is_frozen,
            is_recording=self.tap is not None,
        )


def _with_wet_outside(chain: ChainSettings) -> tuple[ChainSettings, float]:
    """A single processor's share of wet is the duplex buffer's, which can turn it without delay."""
    (name, settings), *more = chain.processors
    if more or not hasattr(settings, "wet"):
        return chain, 1.0
    dry = ChainSettings(((name, replace(settings, wet=1.0)),))  # type: ignore[call-arg]  # hasattr above
    return dry, settings.wet


def _hop(processors: Sequence[Processor]) -> int:
    """Samples that the slowest processor works on at a time, over which a load is counted."""
    return max(getattr(processor, "hop", 0) for processor in processors)
