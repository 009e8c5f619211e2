"""Settings of the loudness."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class LoudnessSettings(Settings):
    """How loud a recording shall be on the whole, and how far its peaks may go."""

    lufs: float = number(-16.0, -70.0, 0.0, "LUFS", "integrated loudness (ITU-R BS.1770-4) of the result")
    true_peak_dbtp: float = number(-1.0, -9.0, 0.0, "dBTP", "true peak that is not exceeded")
