"""Settings of the repair of clicks."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class DeclickSettings(Settings):
    """How clicks are repaired."""

    sensitivity: float = number(1.0, 0.1, 10.0, "", "more finds smaller clicks, and is mistaken more often")
    longest_ms: float = number(4.0, 0.1, 10.0, "ms", "what lasts longer is no click")
