"""Settings of the gain."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class GainSettings(Settings):
    """How much louder or softer."""

    gain_db: float = number(0.0, -60.0, 60.0, "dB", "change of level; more is louder")
