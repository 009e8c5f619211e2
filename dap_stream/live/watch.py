"""How late a stream is, and whether its device still lives: the same for every kind of device."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dap_stream.errors import DeviceError
from dap_stream.live.link import Link

SILENT_S = 1.0  # a device that does not call for so long is gone


@dataclass(frozen=True)
class Latency:
    """Where the time from input to output goes, in samples; device figures are what PortAudio says."""

    processor: int
    margin: int
    device_in: int
    device_out: int
    sample_rate: int

    @property
    def total(self) -> int:
        """Samples."""
        return self.processor + self.margin + self.device_in + self.device_out

    @property
    def total_ms(self) -> float:
        """Milliseconds."""
        return 1000.0 * self.total / self.sample_rate


class Watch:
    """Notices that the device does not call any more."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.begin()

    def begin(self) -> None:
        """Patience starts now."""
        self._blocks, self._since = self._link.blocks, time.monotonic()

    def check(self, name: str) -> None:
        """A `DeviceError` if no block came since the last `SILENT_S` seconds."""
        if self._link.blocks != self._blocks:
            self.begin()
        elif time.monotonic() - self._since > SILENT_S:
            raise DeviceError(
                f"{name}: no call for {SILENT_S:g} s; is the device still there, is the sound server running?"
            )
