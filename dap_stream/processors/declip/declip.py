"""The repair of clipping as a processor."""

from __future__ import annotations

from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.block_repairer import BlockRepairer
from dap_stream.processors.declip.geometry import geometry
from dap_stream.processors.declip.model import DeclipModel
from dap_stream.processors.declip.repair import ClippingRepair
from dap_stream.processors.declip.settings import DeclipSettings


class Declip(BlockRepairer):
    """A processor that reconstructs clipped peaks.

    What it gives may exceed the full scale of the format: peaks grow.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        How.
    model
        Gets what is found; what a first pass told it is used.
    is_live
        A short latency, at more computation.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DeclipSettings | None = None,
        model: DeclipModel | None = None,
        is_live: bool = False,
    ) -> None:
        self.settings = settings = settings or DeclipSettings()
        stream = StreamFormat(sample_rate, channels)
        lengths = geometry(stream.sample_rate, settings.effort, is_live)
        told = model or DeclipModel()
        findings = told.found_in(sample_rate)

        def make_repair() -> ClippingRepair:
            return ClippingRepair(sample_rate, lengths, settings, findings, told, channels)

        super().__init__(stream, lengths.span, make_repair, findings)
