"""What a live session did, as a line and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dap_stream.learned import BlockRecord
from dap_stream.live.link import Counts
from dap_stream.live.rig import Plan, finite
from dap_stream.live.watch import Latency
from dap_stream.units import format_seconds, samples_to_ms


@dataclass(frozen=True)
class Summary:
    """Counts are those of all devices together; loads (compute time / audio time) those of the last one."""

    source: str
    target: str
    plan: Plan
    latency: Latency
    counts: Counts
    load_median: float
    load_p999: float
    load_max: float
    history: Sequence[BlockRecord]
    dropped_fits: int
    reconnects: int
    recorded_s: float | None
    record: Sequence[str]
    unrecorded_samples: int
    profile: str | None
    error: str | None
    is_inline: bool  # learning was part of the processing, and of the loads

    def as_json(self) -> dict[str, object]:
        """Plain values; what is not known is null."""
        latency, plan = self.latency, self.plan
        parts = {k: v for k, v in asdict(latency).items() if k != "sample_rate"}
        return {
            "input": self.source,
            "output": self.target,
            "sample_rate": plan.sample_rate,
            "channels": plan.channels,
            "block_size": plan.block_size,
            "margin_blocks": plan.margin_blocks,
            "seconds": self.counts.n_samples / plan.sample_rate,
            "latency": {**parts, "total": latency.total, "total_ms": latency.total_ms},
            "counts": asdict(self.counts),
            "load": {"median": self.load_median, "p999": self.load_p999, "max": self.load_max},
            "history": [{**asdict(each), "loss": finite(each.loss)} for each in self.history],
            "dropped_fits": self.dropped_fits,
            "reconnects": self.reconnects,
            "record": list(self.record),
            "recorded_s": self.recorded_s,
            "unrecorded_samples": self.unrecorded_samples,
            "profile": self.profile,
            "settings": asdict(plan.settings),
            "error": self.error,
        }

    def as_text(self) -> str:
        """One line."""
        counts, rate = self.counts, self.plan.sample_rate
        peak = "" if self.is_inline else f" (99.9 %: {100 * self.load_p999:.0f} %)"
        parts = [
            format_seconds(counts.n_samples / rate, 1),
            f"{counts.late_blocks} of {counts.blocks} blocks late",
            f"{samples_to_ms(counts.lost_samples, rate):.0f} ms lost",
            f"load {100 * self.load_median:.0f} %{peak}",
        ]
        if self.reconnects:
            parts.append(f"{self.reconnects} reconnected")
        if self.record:
            parts.append(f"{format_seconds(self.recorded_s or 0.0, 1)} in {' and '.join(self.record)}")
        if self.profile is not None:
            parts.append(f"profile in {self.profile}")
        return f"live: {', '.join(parts)}"


def first_line(source: str, target: str, plan: Plan, latency: Latency, block_size: int) -> str:
    """What is running. ``block_size`` 0: the device chooses."""
    rate = plan.sample_rate
    blocks = f"blocks of {block_size}" if block_size else "blocks as the device likes"
    channels = f"{plan.channels} channel{'s' if plan.channels > 1 else ''}"
    device = latency.device_in + latency.device_out
    parts = [("window and look-ahead", latency.processor), ("margin", latency.margin)]
    parts += [("device", device)] if device else []
    where = ", ".join(f"{name} {samples_to_ms(n, rate):.1f}" for name, n in parts)
    return (
        f"{source} -> {target}: {rate} Hz, {channels}, {blocks}; "
        f"latency {latency.total} samples, {latency.total_ms:.1f} ms ({where})"
    )
