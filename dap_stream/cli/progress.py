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
_LEARNING = "{desc} {percentage:3.0f}% |{bar:24}| {remaining} left"


class Meter:
    """Shows first the learning, then the cleaning of one recording; gone when it is done."""

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
