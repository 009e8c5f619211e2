"""Findings of the repair of clicks, and what its first pass tells it."""

from __future__ import annotations

from dap_stream.processors.findings import RepairModel


class ClickModel(RepairModel):
    """Findings, and how many clicks a second the recording was found to have."""

    def __init__(self) -> None:
        super().__init__()
        self.per_s = 0.0

    def reset(self) -> None:
        """Forget it all."""
        super().reset()
        self.per_s = 0.0
