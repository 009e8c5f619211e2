"""Where a repair found something to be repaired, and what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

MOST = 5000
"""Findings that are kept; beyond it, those that are near to each other are told as one."""

_FIRST_REACH_S = 0.01


@dataclass(frozen=True)
class Finding:
    """A stretch of a recording in which something was found.

    Parameters
    ----------
    kind
        Name of the repair, as on the command line: hum, clicks, clipping, gaps or bandwidth.
    start, n_samples
        First sample, and how many.
    channel
        From 0; None for all of them.
    text
        What it is, in a few words and with units: ``50.02 Hz and 12 harmonics``.
    count
        How many are told as one.
    together
        Samples of damage, if several are told as one, with sound between them.
    """

    kind: str
    start: int
    n_samples: int
    channel: int | None = None
    text: str = ""
    count: int = 1
    together: int | None = None

    @property
    def end(self) -> int:
        """The sample behind its last."""
        return self.start + self.n_samples

    @property
    def n_damaged(self) -> int:
        """Samples of damage in it."""
        return self.n_samples if self.together is None else self.together


class Findings:
    """List of all that one repair found in one stream.

    Memory is bounded: of more than `MOST`, neighbours are put together, those that are nearest first.

    Parameters
    ----------
    sample_rate
        Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self.clear()

    def clear(self) -> None:
        """Begin anew, with another stream."""
        self._all: list[Finding] = []
        self._reach_s = 0.0
        self.count, self.n_samples = 0, 0

    def add(self, finding: Finding) -> None:
        """One more; none of a channel may start before the one before."""
        self.count += finding.count
        self.n_samples += finding.n_damaged
        self._all.append(finding)
        while len(self._all) > MOST:
            self._reach_s = max(2.0 * self._reach_s, _FIRST_REACH_S)
            self._all = _put_together(self._all, round(self._reach_s * self._sample_rate))

    def __iter__(self) -> Iterator[Finding]:
        return iter(sorted(self._all, key=lambda each: each.start))

    def __len__(self) -> int:
        return len(self._all)


def _put_together(findings: list[Finding], reach: int) -> list[Finding]:
    """Neighbours of one channel less than ``reach`` samples apart as one; the text is the first one's."""
    made: list[Finding] = []
    last: dict[int | None, int] = {}  # place in ``made``
    for each in sorted(findings, key=lambda finding: finding.start):
        place = last.get(each.channel)
        if place is not None and each.start - made[place].end < reach:
            before = made[place]
            made[place] = replace(
                before,
                n_samples=max(before.end, each.end) - before.start,
                count=before.count + each.count,
                together=before.n_damaged + each.n_damaged,
            )
            continue
        last[each.channel] = len(made)
        made.append(each)
    return made


class RepairModel:
    """Model of a repair: its findings, and what a first pass told it.

    A kind of repair that needs a first pass has a class of its own, with more in it.
    """

    def __init__(self) -> None:
        self.findings: Findings | None = None  # before a stream

    def found_in(self, sample_rate: int) -> Findings:
        """Findings of the newest stream, for a processor that clears them when its own begins.

        Processors share them: a first pass of another one may need one of its own before.
        """
        if self.findings is None:
            self.findings = Findings(sample_rate)
        return self.findings

    def reset(self) -> None:
        """Forget it all."""
        self.findings = None

    def close(self) -> None:
        """Nothing to give back."""
