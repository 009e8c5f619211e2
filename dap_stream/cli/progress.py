"""A line on the terminal that says how far a run is; nothing at all where there is no terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm

    from dap_stream.core.render import Progress

_KNOWN = "{desc} {percentage:3.0f}% |{bar:24}| {n:.0f}/{total:.0f} s of audio, {remaining} left{postfix}"
_UNKNOWN = "{desc} {n:.0f} s of audio in {elapsed}{postfix}"
_FITTING = (
    "{desc} {percentage:3.0f}% |{bar:24}| {n:.0f}/{total:.0f} iterations, {rate_inv_fmt}, {remaining} left"
)
_BATCH = "{desc} {percentage:3.0f}% |{bar:24}| {rate_fmt}, {remaining} left{postfix}"
_LEARNING = "{desc} {percentage:3.0f}% |{bar:24}| {remaining} left"


class Meter:
    """Shows learning, cleaning and levelling of one recording in turn; gone when it is done."""

    def __init__(self, title: str, is_shown: bool | None = None) -> None:
        self._title = title
        self._is_shown = sys.stderr.isatty() if is_shown is None else is_shown
        self._bar: tqdm[None] | None = None

    def learning(self, fraction: float) -> None:
        """Part of the first pass that is done, 0..1."""
        self._show("learning", 1.0, fraction, _LEARNING)

    def cleaning(self, progress: Progress) -> None:
        """How far the run is."""
        total, reduction = progress["total_s"], progress["attenuation_db"]
        note = "" if reduction is None else f"-{reduction:.1f} dB"
        self._show("cleaning", total, progress["done_s"], _UNKNOWN if total is None else _KNOWN, note)

    def levelling(self, fraction: float) -> None:
        """Part of giving it its loudness that is done, 0..1."""
        self._show("levelling", 1.0, fraction, _LEARNING)

    def fitting(self, done: int, total: int) -> None:
        """Iterations of a study; those of an earlier run do not count as fast."""
        self._show("fitting", total, done, _FITTING, begin=done)

    def working(self, what: str, fraction: float) -> None:
        """Part of anything that is done, 0..1."""
        self._show(what, 1.0, fraction, _LEARNING)

    def _show(
        self, phase: str, total: float | None, done: float, layout: str, note: str = "", begin: float = 0.0
    ) -> None:
        if not self._is_shown:
            return
        description = f"{self._title}: {phase}"
        if self._bar is not None and self._bar.desc != description:
            self.close()
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                initial=begin,
                unit=" iteration",
                desc=description,
                bar_format=layout,
                leave=False,
                file=sys.stderr,
                dynamic_ncols=True,
            )
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Take the line away."""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def __enter__(self) -> Meter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BatchMeter:
    """Shows files done, seconds of audio in a second, and the time that is left, of a whole batch."""

    def __init__(self, n_files: int, total_s: float, is_shown: bool | None = None) -> None:
        self._n_files, self._total_s = n_files, total_s
        self._n_over, self._n_failed, self._over_s = 0, 0, 0.0
        self._heard: dict[int, float] = {}
        self._is_shown = sys.stderr.isatty() if is_shown is None else is_shown
        self._bar: tqdm[None] | None = None

    def learning(self, done: int, total: int) -> None:
        """Profiles that are learned."""
        if self._is_shown and total > 0 and done < total:
            print(f"learning profiles: {done} of {total}", end="\r", file=sys.stderr, flush=True)

    def heard(self, number: int, seconds: float) -> None:
        """So much of file ``number`` is done."""
        self._heard[number] = seconds
        self._show()

    def over(self, number: int, seconds: float, is_failed: bool) -> None:
        """A file is done, or has failed."""
        self._heard.pop(number, None)
        self._n_over += 1
        self._n_failed += is_failed
        self._over_s += seconds
        self._show()

    def _show(self) -> None:
        if not self._is_shown:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._total_s or 1.0,
                unit=" s of audio",
                bar_format=_BATCH,
                leave=False,
                file=sys.stderr,
                dynamic_ncols=True,
            )
        failed = f", {self._n_failed} failed" if self._n_failed else ""
        self._bar.set_description_str(f"{self._n_over}/{self._n_files} files{failed}", refresh=False)
        self._bar.update(min(self._over_s + sum(self._heard.values()), self._total_s) - self._bar.n)

    def clear(self) -> None:
        """Make room for a line of text."""
        if self._bar is not None:
            self._bar.clear()

    def __enter__(self) -> BatchMeter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
