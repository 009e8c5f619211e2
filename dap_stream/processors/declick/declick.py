"""The repair of clicks as a processor."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import ms_to_samples
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.declick.levels import FACTORS, Click, Level
from dap_stream.processors.declick.model import ClickModel
from dap_stream.processors.declick.odds import Expectation
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.findings import Finding, Findings

KIND = "clicks"

PAST_MS, HOP_MS, FUTURE_MS = 30.0, 20.0, 20.0
_LOWEST_RATE = 2500.0  # Hz, of a level: a click of 3 ms is 8 samples there
_SMALLEST = 0.003  # of the root mean square of a window, 50 dB below it: nobody hears a smaller click
_STEPS = 8.0  # and it is higher than so many steps of the numbers in which the sound came


class _Steps:
    """Smallest sample of each channel that is not zero: the step of whole numbers, whatever the gain since.

    Only what is new is looked at: what was repaired is no whole number.
    """

    def __init__(self, channels: int, span: Span) -> None:
        n_hops = -(-span.whole // span.hop)
        self._hop = span.hop
        self._smallest: list[deque[float]] = [deque((np.inf,), n_hops) for _ in range(channels)]

    def in_window(self, channel: int, heard: F64) -> float:
        newest = np.abs(heard[-self._hop :])
        smallest = self._smallest[channel]
        smallest.append(float(np.min(newest, initial=np.inf, where=newest > 0.0)))
        least = min(smallest)
        return least if least < np.inf else 0.0


class ClickRepair:
    """A `Repair`: the clicks of each channel by itself, those of each level after those of the finer ones."""

    def __init__(
        self,
        stream: StreamFormat,
        span: Span,
        settings: DeclickSettings,
        findings: Findings,
        known_per_s: float,
    ) -> None:
        rate = stream.sample_rate
        self._sample_rate, self._findings = rate, findings
        self._levels = [
            Level(rate, span.whole, settings.longest_ms, factor)
            for factor in FACTORS
            if factor == 1 or rate / factor >= _LOWEST_RATE
        ]
        self._expected = Expectation(stream.channels, span.hop / rate, settings.sensitivity, known_per_s)
        self._steps = _Steps(stream.channels, span)

    def patches(self, window: Window) -> Iterator[Patch]:
        count = 0
        first = window.stream.start
        due = window.due.start - first, window.due.stop - first
        for channel, heard in enumerate(window.audio):
            step = self._steps.in_window(channel, heard)
            samples = heard[first : window.stream.stop].copy()
            if not samples.any():
                continue
            least = max(_SMALLEST * float(np.sqrt(np.mean(samples**2))), _STEPS * step)
            clicks: list[Click] = []
            for level in self._levels:
                clicks += level.mend(samples, first, due, self._expected.least_odds, least)
            for click in sorted(clicks, key=lambda each: each.begin):
                begin, length_ms = first + click.begin, click.length / self._sample_rate * 1e3
                self._findings.add(
                    Finding(
                        KIND,
                        window.position + begin,
                        click.end - click.begin,
                        channel,
                        f"click, {length_ms:.2g} ms",
                    )
                )
                yield Patch(channel, begin, samples[click.begin : click.end])
            count += len(clicks)
        self._expected.found(count)


class Declick(BlockRepairer):
    """A processor that repairs clicks, crackle and digital glitches.

    What stands out of an autoregressive model of its surroundings and is explained as something added to the
    sound is filled in by least-squares interpolation (Janssen, Veldhuis & Vries 1986; Godsill & Rayner 1998).
    All else stays as it is, bit for bit.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        How.
    model
        Gets what is found; what a first pass told it is used.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    def __init__(
        self,
        sample_rate: int,
        channels: int = 1,
        settings: DeclickSettings | None = None,
        model: ClickModel | None = None,
    ) -> None:
        self.settings = chosen = settings or DeclickSettings()
        told = model or ClickModel()
        findings = told.found_in(sample_rate)
        stream = StreamFormat(sample_rate, channels)
        span = Span(*(ms_to_samples(ms, sample_rate) for ms in (PAST_MS, HOP_MS, FUTURE_MS)))
        super().__init__(
            stream, span, lambda: ClickRepair(stream, span, chosen, findings, told.per_s), findings
        )
