"""Settings of the repair of clipping."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, choice, number

EFFORTS = ("fast", "normal", "best")


@dataclass(frozen=True)
class DeclipSettings(Settings):
    """How clipping is repaired."""

    sensitivity: float = number(
        1.0, 0.1, 10.0, "", "more takes more flat tops for clipped ones, and is mistaken more often"
    )
    effort: str = choice("normal", EFFORTS, "time spent on the reconstruction; more comes closer")
