"""Which samples of a recording a result has, and what follows for places in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """Samples ``start`` to ``start + n_samples`` of a recording; None: to its end."""

    sample_rate: int
    start: int = 0
    n_samples: int | None = None

    @property
    def is_whole(self) -> bool:
        """Nothing is cut off."""
        return self.start == 0 and self.n_samples is None

    def place(self, sample: int) -> int | None:
        """Where a sample of the recording is in the result; None if it is not there."""
        moved = sample - self.start
        return moved if moved >= 0 and (self.n_samples is None or moved < self.n_samples) else None

    def stretch(self, begin: int, end: int) -> tuple[int, int] | None:
        """The part of ``begin .. end`` that is in the result."""
        begin, end = max(0, begin - self.start), end - self.start
        if self.n_samples is not None:
            end = min(end, self.n_samples)
        return (begin, end) if end > begin else None
