"""The repair of hum as a processor for files and pipes."""

from __future__ import annotations

from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.block_repairer import BlockRepairer
from dap_stream.processors.dehum.repair import HumRepair, span
from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.dehum.watcher import HumModel
from dap_stream.processors.findings import Findings


class Dehum(BlockRepairer):
    """A processor that subtracts hum and whine: steady tones with all their harmonics.

    Their phase is followed and their amplitudes are measured, so that just they are subtracted, and not all
    that is at their frequencies. Three seconds late; without a first pass, hum is subtracted from when it is
    certain (mains after 8 seconds, other tones after 20).

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        Which tones.
    model
        Gets what is found, and may know it from a first pass (`dap_stream.processors.dehum.watcher.survey`).

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DehumSettings | None = None,
        model: HumModel | None = None,
    ) -> None:
        self.settings = settings or DehumSettings()
        stream = StreamFormat(sample_rate, channels)
        findings = Findings(sample_rate) if model is None else model.found_in(sample_rate)
        super().__init__(
            stream,
            span(sample_rate),
            lambda: HumRepair(stream, self.settings, model, findings),
            findings,
        )
