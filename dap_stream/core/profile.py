"""Profile: weights learned from a recording, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dap_stream.core.array_types import F32


@dataclass(frozen=True)
class Profile:
    """Weights of one kind of generator, and the frames they were learned from.

    Parameters
    ----------
    generator
        Its kind.
    window_ms
        Length of a frame.
    lookahead
        Frames of the half-overlapping grid after the one that is predicted.
    weights
        Arrays by name.
    """

    generator: str
    window_ms: float
    lookahead: int
    weights: Mapping[str, F32]
