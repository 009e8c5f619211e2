"""The repair of hum in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.entry import Entry
from dap_stream.processors.findings import RepairModel

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: DehumSettings, stream: StreamFormat, model: RepairModel | None) -> Processor:
    from dap_stream.processors.dehum.dehum import Dehum

    findings = None if model is None else model.found_in(stream.sample_rate)
    return Dehum(stream.sample_rate, stream.channels, settings, findings)


DEHUM = Entry(
    name="dehum",
    summary="takes hum and whine away: tones steadier than any instrument, and their harmonics",
    settings=DehumSettings,
    repairs="hum",
    make=_make,
    make_live=_make,
    make_model=lambda settings, profile: RepairModel(),
)
