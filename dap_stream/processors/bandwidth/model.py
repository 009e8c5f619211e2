"""The model of the repair of bandwidth: what a first pass told of the limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dap_stream.processors.findings import Findings, RepairModel

if TYPE_CHECKING:
    from dap_stream.processors.bandwidth.limits import LimitPlan

LOW_RATE_HZ = 32000  # below it a file as such lacks highs that are heard


class BandwidthModel(RepairModel):
    """Findings, and the limits of all channels once a recording was heard.

    Parameters
    ----------
    plans
        Of each channel, if the recording was heard before; otherwise limits are found on the way.
    """

    def __init__(self, plans: Sequence[LimitPlan] | None = None) -> None:
        super().__init__()
        self.plans = plans
        self._sample_rate = 0

    def found_in(self, sample_rate: int) -> Findings:
        """As of a `RepairModel`."""
        self._sample_rate = sample_rate
        return super().found_in(sample_rate)

    def reset(self) -> None:
        """Forget it all."""
        super().reset()
        self.plans = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Why there was nothing to do, if the sample rate is the reason."""
        if self.findings is None or len(self.findings) or not 0 < self._sample_rate < LOW_RATE_HZ:
            return ()
        return (
            f"bandwidth: nothing is missing below {self._sample_rate / 2000:g} kHz, where a recording at "
            f"{self._sample_rate} Hz ends; convert it to a higher rate first (ffmpeg -i IN -ar 48000 OUT)",
        )
