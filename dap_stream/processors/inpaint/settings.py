"""Settings of the repair of gaps."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.core.settings import Settings, choice, number, text
from dap_stream.processors.inpaint.marks import FORM, parse_marks

AUTO, AUTOREGRESSIVE, SPECTRAL, PRIOR = METHODS = ("auto", "autoregressive", "spectral", "prior")


@dataclass(frozen=True)
class InpaintSettings(Settings):
    """Which gaps are filled, and how."""

    method: str = choice(
        AUTO,
        METHODS,
        "how gaps are filled: a linear model of what surrounds them, its spectrum, or that and a deep prior "
        "fitted to the surroundings, which takes seconds a gap; auto: the model if short, else the spectrum",
    )
    find: bool = choice(True, (True, False), "look for gaps; if not, only marked ones are filled")
    shortest_ms: float = number(2.0, 0.5, 100.0, "ms", "what is shorter is not taken for a gap")
    longest_ms: float = number(1000.0, 1.0, 1000.0, "ms", "what is longer is taken for a pause")
    marks: str = text("", FORM, parse_marks, "s", "stretches that are filled in all channels, gap or not")
