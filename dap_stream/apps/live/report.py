"""Report of a live session, as a line and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import format_channels, format_seconds, samples_to_ms
from dap_stream.processors.chain_settings import ChainSettings
from dap_stream.realtime.duplex_buffer import Counts
from dap_stream.realtime.watchdog import Latency


@dataclass(frozen=True)
class SessionReport:
    """Counts are those of all devices together; loads (compute time / audio time) those of the last one."""

    source: str
    target: str
    stream: StreamFormat
    block_size: int
    settings: LiveSettings
    chain: ChainSettings  # with what is left to the method filled in
    latency: Latency
    counts: Counts
    load_median: float
    load_p999: float
    load_max: float
    history: Sequence[Any]  # blocks of learning
    dropped_fits: int
    reconnects: int
    recorded_s: float | None
    recordings: Sequence[str]  # names of files
    unrecorded_samples: int
    profile: str | None
    error: str | None
    is_inline: bool  # learning was part of the processing, and of the loads

    def as_json(self) -> dict[str, object]:
        """Plain values; what is not known is null."""
        latency, stream = self.latency, self.stream
        parts = {name: value for name, value in asdict(latency).items() if name != "sample_rate"}
        return {
            "input": self.source,
            "output": self.target,
            "sample_rate": stream.sample_rate,
            "channels": stream.channels,
            "block_size": self.block_size,
            "margin_blocks": self.settings.margin_blocks,
            "seconds": self.counts.n_samples / stream.sample_rate,
            "latency": {**parts, "total": latency.total, "total_ms": latency.total_ms},
            "counts": asdict(self.counts),
            "load": {"median": self.load_median, "p999": self.load_p999, "max": self.load_max},
            "history": [asdict(block) for block in self.history],
            "dropped_fits": self.dropped_fits,
            "reconnects": self.reconnects,
            "record": list(self.recordings),
            "recorded_s": self.recorded_s,
            "unrecorded_samples": self.unrecorded_samples,
            "profile": self.profile,
            "settings": self.chain.as_dict(),
            "error": self.error,
        }

    def as_text(self) -> str:
        """One line."""
        counts, rate = self.counts, self.stream.sample_rate
        peak = "" if self.is_inline else f" (99.9 %: {100 * self.load_p999:.0f} %)"
        parts = [
            format_seconds(counts.n_samples / rate, 1),
            f"{counts.late_blocks} of {counts.blocks} blocks late",
            f"{samples_to_ms(counts.lost_samples, rate):.0f} ms lost",
            f"load {100 * self.load_median:.0f} %{peak}",
        ]
        if self.reconnects:
            parts.append(f"{self.reconnects} reconnected")
        if self.recordings:
            parts.append(f"{format_seconds(self.recorded_s or 0.0, 1)} in {' and '.join(self.recordings)}")
        if self.profile is not None:
            parts.append(f"profile in {self.profile}")
        return f"live: {', '.join(parts)}"


def first_line(source: str, target: str, stream: StreamFormat, latency: Latency, block_size: int) -> str:
    """Line that says what is running. ``block_size`` 0: the device chooses."""
    rate = stream.sample_rate
    blocks = f"blocks of {block_size}" if block_size else "blocks as the device likes"
    channels = format_channels(stream.channels)
    device = latency.device_in + latency.device_out
    parts = [("window and look-ahead", latency.processor), ("margin", latency.margin)]
    parts += [("device", device)] if device else []
    where = ", ".join(f"{name} {samples_to_ms(n, rate):.1f}" for name, n in parts)
    return (
        f"{source} -> {target}: {rate} Hz, {channels}, {blocks}; "
        f"latency {latency.total} samples, {latency.total_ms:.1f} ms ({where})"
    )
