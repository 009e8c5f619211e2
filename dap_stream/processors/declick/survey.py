"""First pass: how many clicks a recording has, from pieces of it."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.core.streams import SeekableSource, read_up_to
from dap_stream.processors.declick.declick import Declick
from dap_stream.processors.declick.settings import DeclickSettings

PIECE_S, MOST_PIECES = 10.0, 12


def clicks_per_s(
    source: SeekableSource, settings: DeclickSettings, progress: Callable[[float], None] | None = None
) -> float:
    """Clicks a second and channel, in up to two minutes from all over the recording."""
    rate = source.sample_rate
    length = source.n_samples
    assert length is not None, "it can be read twice"
    piece = round(PIECE_S * rate)
    n_pieces = min(-(-length // piece), MOST_PIECES)
    if n_pieces == 0:
        return 0.0
    declick = Declick(rate, source.channels, settings)
    found = heard = 0
    for i in range(n_pieces):
        source.seek(round(i * max(length - piece, 0) / max(n_pieces - 1, 1)))
        left = piece
        while left > 0 and (audio := read_up_to(source, min(left, rate))).shape[1]:
            declick.process(audio)
            heard += audio.shape[1]
            left -= audio.shape[1]
        declick.flush()
        found += declick.findings.count
        if progress is not None:
            progress((i + 1) / n_pieces)
    return found * rate / (max(heard, 1) * source.channels)
