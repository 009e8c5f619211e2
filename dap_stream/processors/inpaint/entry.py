"""The repair of gaps in the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dap_stream.processors.entry import Entry
from dap_stream.processors.findings import RepairModel
from dap_stream.processors.inpaint.settings import InpaintSettings

if TYPE_CHECKING:
    from dap_stream.core.processor import Processor
    from dap_stream.core.stream_format import StreamFormat


def _make(settings: InpaintSettings, stream: StreamFormat, model: RepairModel | None) -> Processor:
    from dap_stream.processors.inpaint.inpaint import Inpaint

    findings = None if model is None else model.found_in(stream.sample_rate)
    return Inpaint(stream.sample_rate, stream.channels, settings, findings)


INPAINT = Entry(
    name="inpaint",
    summary="fills gaps and drop-outs",
    settings=InpaintSettings,
    kernel="dap_stream.dsp.exact_runs.constant_runs",
    repairs="gaps",
    make=_make,
    make_model=lambda settings, profile: RepairModel(),
)
