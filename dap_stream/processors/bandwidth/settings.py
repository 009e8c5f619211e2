"""Settings of the repair of bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class BandwidthSettings(Settings):
    """How highs are made up above the limit of a recording."""

    highs_db: float = number(0.0, -24.0, 24.0, "dB", "level of what is made up; more is brighter")
    highest_hz: float = number(20000.0, 2000.0, 192000.0, "Hz", "nothing is made up above")
