"""Where the samples of a track belong: time stamps to sample positions.

Samples of a track follow each other, and its time stamps say so with the precision of the container: one
sample in MP4, a millisecond in Matroska, whatever a phone had in mind elsewhere. Small differences are
jitter, and the samples are taken as they come. A stamp that is later by most of a frame is a stretch without
sound, one that is earlier sound that is there twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_LEAST_S = 0.01  # shortest difference that is not jitter
_MOST_BACK_S = 1.0  # a stamp that goes back further is another count, not sound that is there twice
_MOST_OF_FRAME = 0.75


@dataclass
class Timeline:
    """Position of the next sample, and what was found on the way.

    Parameters
    ----------
    sample_rate
        Hz.
    time_base
        Seconds of one unit of the time stamps.
    longest_gap_s
        A longer one is another count of time, not a stretch without sound.
    """

    sample_rate: int
    time_base: Fraction
    longest_gap_s: float
    position: int = 0
    start: Fraction | None = None  # seconds at which position 0 is, by the time stamps
    n_filled: int = 0
    n_dropped: int = 0
    n_jumps: int = 0

    def place(self, stamp: int | None, n_samples: int) -> tuple[int, int]:
        """Zeros to put before this frame, and samples to leave out at its beginning."""
        gap = drop = 0
        if stamp is not None:
            time = stamp * self.time_base
            if self.start is None:
                self.start = time
            late = round((time - self.start) * self.sample_rate) - self.position
            if abs(late) > self._tolerance(n_samples):
                if -_MOST_BACK_S * self.sample_rate <= late <= self.longest_gap_s * self.sample_rate:
                    gap, drop = max(late, 0), min(max(-late, 0), n_samples)
                else:
                    self.start = time - Fraction(self.position, self.sample_rate)
                    self.n_jumps += 1
        self.n_filled += gap
        self.n_dropped += drop
        self.position += gap + n_samples - drop
        return gap, drop

    def _tolerance(self, n_samples: int) -> float:
        unit = float(self.time_base * self.sample_rate)
        return max(2.0 * unit, _MOST_OF_FRAME * n_samples, _LEAST_S * self.sample_rate)

    def continue_at(self, position: int) -> None:
        """After a jump in the file: the next frame has this position, on the same count of time."""
        self.position = position
