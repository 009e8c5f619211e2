"""Lengths with which clipping is looked for and repaired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.processors.block_repairer import Span

_FRAME_S = 0.03  # at least; the next power of two, 43 ms at 48 kHz
_REACH_S = 0.02
_OVERLAP = 4  # frames over each sample
_SEEN_FRAMES = 4
_HOP_FRAMES = 4


@dataclass(frozen=True)
class Geometry:
    """Lengths in samples.

    Parameters
    ----------
    n_fft
        Of a frame.
    step
        From a frame to the next.
    hop
        From a window to the next: whole steps.
    ahead
        That are looked at behind those that are decided on: whole steps.
    behind
        And before them.
    reach
        On both sides of a clipped sample, within which nothing is higher.
    """

    n_fft: int
    step: int
    hop: int
    ahead: int
    behind: int
    reach: int

    @property
    def span(self) -> Span:
        """Of the windows. Frames begin at multiples of ``step``, whatever the window."""
        return Span(self.n_fft, self.hop, self.n_fft + self.ahead)


def geometry(sample_rate: int, is_live: bool = False) -> Geometry:
    """For files and pipes, where more at once costs less, or for live streams, where time matters."""
    n_fft = 2 ** int(np.ceil(np.log2(_FRAME_S * sample_rate)))
    step, reach = n_fft // _OVERLAP, round(_REACH_S * sample_rate)
    least_ahead = step * -(-(reach + 2) // step)
    return Geometry(
        n_fft,
        step,
        hop=step if is_live else _HOP_FRAMES * n_fft,
        ahead=least_ahead if is_live else _SEEN_FRAMES * n_fft,
        behind=_SEEN_FRAMES * n_fft,
        reach=reach,
    )
