"""Settings of the repair of bandwidth."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class BandwidthSettings(Settings):
    """How highs are made up above the limit of a recording.

    One that is whole up to ``enough_hz`` is left as it is, bit for bit: MP3s of usual rates end at 15 to 19
    kHz, where voices and instruments have next to nothing, few adults hear anything, and what is made up is
    a guess for the sake of a guess.
    """

    highs_db: float = number(0.0, -24.0, 24.0, "dB", "level of what is made up; more is brighter")
    highest_hz: float = number(20000.0, 2000.0, 192000.0, "Hz", "nothing is made up above")
    enough_hz: float = number(
        14000.0, 2000.0, 192000.0, "Hz", "a recording that is whole up to here is left as it is"
    )
