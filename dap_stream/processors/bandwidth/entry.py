"""The repair of bandwidth in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.bandwidth.settings import BandwidthSettings
from dap_stream.processors.entry import Entry
from dap_stream.processors.findings import RepairModel

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: BandwidthSettings, stream: StreamFormat, model: RepairModel | None) -> Processor:
    from dap_stream.processors.bandwidth.bandwidth import Bandwidth

    findings = None if model is None else model.found_in(stream.sample_rate)
    return Bandwidth(stream.sample_rate, stream.channels, settings, findings)


BANDWIDTH = Entry(
    name="bandwidth",
    summary="makes up highs that a telephone, a codec or a low sample rate took away",
    settings=BandwidthSettings,
    repairs="bandwidth",
    make=_make,
    make_model=lambda settings, profile: RepairModel(),
)
