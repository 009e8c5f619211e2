"""How late a stream is, and whether its device still lives: the same for every kind of device."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dap_stream.errors import DeviceError
from dap_stream.realtime.duplex_buffer import DuplexBuffer

SILENT_S = 1.0  # a device that does not call for so long is gone
AWAY_S = 0.6  # whoever has not looked for so long was stopped (Ctrl-Z) or asleep, and the device with it


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


class Watchdog:
    """Notices that the device does not call any more."""

    def __init__(self, duplex: DuplexBuffer) -> None:
        self._duplex = duplex
        self.begin()

    def begin(self) -> None:
        """Patience starts now."""
        self._blocks, self._since = self._duplex.blocks, time.monotonic()
        self._looked = self._since

    def check(self, name: str) -> None:
        """A `DeviceError` if no block came for `SILENT_S`. Look more often than every `AWAY_S`."""
        now = time.monotonic()
        was_away, self._looked = now - self._looked > AWAY_S, now
        if was_away or self._duplex.blocks != self._blocks:
            self.begin()
        elif now - self._since > SILENT_S:
            raise DeviceError(
                f"{name}: no call for {SILENT_S:g} s; is the device still there, is the sound server running?"
            )
