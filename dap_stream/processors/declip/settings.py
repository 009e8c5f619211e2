"""Settings of the repair of clipping."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, number


@dataclass(frozen=True)
class DeclipSettings(Settings):
    """How clipping is repaired."""

    sensitivity: float = number(1.0, 0.1, 10.0, "", "more finds more, and is mistaken more often")
