"""The repair of clipping in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.declip.settings import DeclipSettings
from dap_stream.processors.entry import Entry
from dap_stream.processors.findings import RepairModel

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: DeclipSettings, stream: StreamFormat, model: RepairModel | None) -> Processor:
    from dap_stream.processors.declip.declip import Declip

    findings = None if model is None else model.found_in(stream.sample_rate)
    return Declip(stream.sample_rate, stream.channels, settings, findings)


DECLIP = Entry(
    name="declip",
    summary="reconstructs clipped peaks",
    settings=DeclipSettings,
    repairs="clipping",
    make=_make,
    make_live=_make,
    make_model=lambda settings, profile: RepairModel(),
)
