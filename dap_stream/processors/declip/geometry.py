"""Lengths with which clipping is looked for and repaired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.processors.block_repairer import Span

OVERLAP = 4  # frames of one length over each sample
_FRAME_S = 0.03  # of the shortest, at least; the next power of two: 43 ms at 48 kHz
_REACH_S = 0.004
_SEEN_FRAMES = 4
_LENGTHS = {"fast": (2,), "normal": (1, 4), "best": (1, 2, 4)}  # of frames, in those of the shortest
_MORE_BINS = {"fast": 2, "normal": 2, "best": 1}
_LIVE_LENGTHS, _LIVE_MORE_BINS = (1,), 8  # keeps up where every frame is clipped


@dataclass(frozen=True)
class Geometry:
    """Lengths in samples.

    Parameters
    ----------
    frames
        Lengths of the frames, each a multiple of the one before. Those of one length begin at multiples of a
        quarter of it.
    hop
        From a window to the next.
    ahead
        That are looked at behind those that are decided on.
    behind
        And before them.
    reach
        On both sides of a clipped sample, within which nothing is higher.
    n_more
        Bins that each step of a reconstruction keeps more than the one before.
    """

    frames: tuple[int, ...]
    hop: int
    ahead: int
    behind: int
    reach: int
    n_more: int

    @property
    def longest(self) -> int:
        """Of the frames."""
        return self.frames[-1]

    @property
    def span(self) -> Span:
        """Of the windows: a hop begins where frames of each length do, before the stream if need be."""
        return Span(self.longest, self.hop, self.longest + self.ahead)


def geometry(sample_rate: int, effort: str, is_live: bool = False) -> Geometry:
    """For files and pipes, where more at once costs less, or for live streams, where time matters."""
    shortest = 2 ** int(np.ceil(np.log2(_FRAME_S * sample_rate)))
    frames = tuple(each * shortest for each in (_LIVE_LENGTHS if is_live else _LENGTHS[effort]))
    step, reach = frames[-1] // OVERLAP, round(_REACH_S * sample_rate)
    least_ahead = step * -(-(reach + 2) // step)
    seen = _SEEN_FRAMES * shortest
    return Geometry(
        frames,
        hop=step if is_live else seen,
        ahead=least_ahead if is_live else seen,
        behind=seen,
        reach=reach,
        n_more=_LIVE_MORE_BINS if is_live else _MORE_BINS[effort],
    )
