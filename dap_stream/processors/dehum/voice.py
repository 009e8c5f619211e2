"""A track that is subtracted, switched on and off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from dap_stream.core.array_types import C128
from dap_stream.processors.dehum.report import ActiveTime
from dap_stream.processors.dehum.series import Series
from dap_stream.processors.dehum.track import Track
from dap_stream.processors.dehum.watcher import is_same
from dap_stream.processors.findings import Findings

HELD_S = 20.0  # that a series is looked after when a watcher sees it no more
_OFF_POWER = 0.06  # -12 dB of what is usual: a machine that was switched off
_USUAL_KEEP = 0.8  # -1 dB a second


class Voice:
    """A track, and what was subtracted last."""

    def __init__(self, track: Track, position: int, is_from_start: bool) -> None:
        self.track, self.series = track, track.series
        # Half the complex amplitudes of the last knot; a hum that is there from the first sample has none.
        self.last: C128 | None = None if is_from_start else np.zeros(track.are_lines.shape, np.complex128)
        self.usual = 0.0  # power
        self.is_silent = False  # all that was looked at last was 0
        self.is_wanted = True
        self.seen = position  # sample of the stream up to which it was wanted
        self.active: ActiveTime | None = None

    def renew(self, track: Track) -> None:
        """Forget a phase that nothing was heard of: noise may have led it anywhere."""
        self.track = track
        self.is_silent = False

    def silence(self, amplitudes: C128, seconds: float) -> None:
        """Set knots of ``amplitudes [channels, lines, knots]`` to 0 where all of it is switched off.

        ``seconds`` have gone by since the last ones.
        """
        power = np.sum(np.abs(amplitudes) ** 2, axis=(0, 1))
        self.usual = max(self.usual * _USUAL_KEEP**seconds, float(np.median(power)))
        amplitudes[..., power < _OFF_POWER * self.usual] = 0.0
        self.is_silent = not amplitudes.any()

    def note(self, amplitudes: C128, start: int, end: int, findings: Findings) -> None:
        """Remember what was subtracted between two samples of the stream."""
        if not amplitudes.any():
            self.close(findings)
            return
        if self.active is None:
            self.active = ActiveTime(start)
        self.active.add(end, self.track.fundamental_hz, amplitudes)

    def close(self, findings: Findings) -> None:
        """It ends here, if it was heard."""
        if self.active is not None:
            findings.add(self.active.finding())
            self.active = None


def choose(voices: Iterable[Voice], series: Sequence[Series], position: int, held: int) -> list[Series]:
    """Say which voices are wanted at a sample, and give the series that have none yet."""
    new = list(series)
    for voice in voices:
        same = [each for each in new if is_same(each, voice.series)]
        if same:
            voice.series = same[0]
            new = [each for each in new if each not in same]
            voice.seen = position
        voice.is_wanted = bool(same) or position - voice.seen < held
    return new
