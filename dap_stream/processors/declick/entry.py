"""The repair of clicks in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.entry import Entry
from dap_stream.processors.findings import RepairModel

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: DeclickSettings, stream: StreamFormat, model: RepairModel | None) -> Processor:
    from dap_stream.processors.declick.declick import Declick

    findings = None if model is None else model.found_in(stream.sample_rate)
    return Declick(stream.sample_rate, stream.channels, settings, findings)


DECLICK = Entry(
    name="declick",
    summary="repairs clicks, crackle and digital glitches",
    settings=DeclickSettings,
    repairs="clicks",
    make=_make,
    make_live=_make,
    make_model=lambda settings, profile: RepairModel(),
)
