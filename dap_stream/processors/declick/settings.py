"""Settings of the repair of clicks."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class DeclickSettings(Settings):
    """How clicks are repaired."""

    sensitivity: float = number(
        1.0,
        0.001,
        1000.0,
        "",
        "so many times more clicks are expected: more finds more, and is mistaken more",
    )
    longest_ms: float = number(4.0, 0.1, 10.0, "ms", "what lasts longer is no click")
