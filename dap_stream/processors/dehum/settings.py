"""Settings of the repair of hum."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, choice

ALL, MAINS = "all", "mains"


@dataclass(frozen=True)
class DehumSettings(Settings):
    """Which steady tones are taken for hum."""

    tones: str = choice(
        ALL,
        (ALL, MAINS),
        "all: any tone that stays the same for tens of seconds; mains: only the series of 50 and 60 Hz, and "
        "whine above 10 kHz, so that a held tone of an organ or a drone stays",
    )
