"""Findings of the repair of clicks, and what its first pass tells it."""

from __future__ import annotations

from dap_stream.processors.findings import RepairModel


class ClickModel(RepairModel):
    """Findings, and what a first pass told.

    Parameters
    ----------
    per_s
        Clicks a second and channel that are known to be there: where there are many, small ones are repaired
        from the first second on.
    """

    def __init__(self, per_s: float = 0.0) -> None:
        super().__init__()
        self.per_s = per_s

    def reset(self) -> None:
        """Forget it all."""
        super().reset()
        self.per_s = 0.0
