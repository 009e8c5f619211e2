"""The repair of clicks as a processor."""

from __future__ import annotations

from collections.abc import Iterable

from dap_stream.core.stream_format import StreamFormat
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.findings import Findings

KIND = "clicks"


class _Repair:
    def patches(self, window: Window) -> Iterable[Patch]:
        return ()


class Declick(BlockRepairer):
    """A processor that repairs clicks.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        How.
    findings
        Gets what is found.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DeclickSettings | None = None,
        findings: Findings | None = None,
    ) -> None:
        self.settings = settings or DeclickSettings()
        super().__init__(StreamFormat(sample_rate, channels), Span(1024, 1024, 1024), _Repair, findings)
