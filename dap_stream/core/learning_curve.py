"""How learning went, as numbers for a picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LearningCurve:
    """A loss over what it was learned along; lower is better."""

    title: str
    x_title: str
    x: tuple[float, ...]
    losses: tuple[float, ...]
