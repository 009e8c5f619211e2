"""The repair of clicks as a processor."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import ms_to_samples
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.declick import kernels, levels, odds
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.findings import Finding, Findings

KIND = "clicks"

PAST_MS, HOP_MS, FUTURE_MS = 30.0, 20.0, 20.0
BLOCK_MS = 2.5
BRIDGE_MS = 0.4
ORDER = 32
LEAST = 0.003
MOST_IN_WINDOW = 100
LEVELS = (1, 4, 16, 64)
FIXED = None
LOG = None


class _Level:
    def __init__(self, stream: StreamFormat, span: Span, settings: DeclickSettings, factor: int) -> None:
        self.factor = factor
        self.rate = stream.sample_rate / factor
        self.order = ORDER if factor == 1 else 24
        self.n = (span.whole - 1) // factor + 1
        self.taper: F64 = np.hanning(self.n + 2)[1:-1].copy()
        at = lambda ms: ms_to_samples(ms, stream.sample_rate) // factor  # noqa
        self.sizes = (
            max(at(BLOCK_MS), 8),
            max(at(settings.longest_ms), 2),
            min(max(at(BRIDGE_MS), 2), self.order),
        )
        self.filter = levels.low_pass(factor)
        self.weights = odds.BASE_WEIGHTS if factor == 1 else odds.LOW_WEIGHTS


class _Repair:
    """Clicks of each channel by itself."""

    def __init__(self, stream: StreamFormat, span: Span, settings: DeclickSettings, findings: Findings) -> None:
        rate = stream.sample_rate
        self._sample_rate, self._findings = rate, findings
        self._levels = [
            _Level(stream, span, settings, factor) for factor in LEVELS if factor == 1 or rate / factor >= 2500
        ]
        self._spans = np.zeros((MOST_IN_WINDOW, 9))
        self._hop = span.hop
        self._expectation = odds.Expectation(stream.channels, span.hop / rate, settings.sensitivity, 0.0)
        n_kept = -(-span.whole // span.hop)
        self._steps = [deque([np.inf], n_kept) for _ in range(stream.channels)]

    def _threshold(self):
        return self._expectation.least_odds if FIXED is None else FIXED

    def patches(self, window: Window) -> Iterator[Patch]:
        total = 0
        for channel, heard in enumerate(window.audio):
            newest = np.abs(heard[-self._hop :])
            self._steps[channel].append(np.min(newest, initial=np.inf, where=newest > 0))
            if not heard.any():
                continue
            first = window.stream.start
            samples = heard[first : window.stream.stop].copy()
            step = min(self._steps[channel])
            least = max(LEAST * np.sqrt(np.mean(samples**2)), 8 * step if step < np.inf else 0.0)
            due = window.due.start - first, window.due.stop - first
            extents = []
            for level in self._levels:
                d = level.factor
                if d == 1:
                    low = samples
                    half = 0
                else:
                    low = levels.decimate(samples, level.filter, d)
                    half = len(level.filter) // 2
                    before = low.copy()
                if len(low) < 3 * level.order:
                    continue
                lo_due = max(-(-(due[0] + half) // d), 0), max(-(-(due[1] + half) // d), 0)
                count = kernels.mend(
                    low,
                    level.taper[first // d : first // d + len(low)],
                    level.order,
                    lo_due,
                    level.sizes,
                    level.rate,
                    level.weights,
                    self._threshold(),
                    least,
                    self._spans,
                )
                for r in self._spans[:count]:
                    begin, end = round(r[0]), round(r[1])
                    if LOG is not None:
                        LOG.append((window.position + first + begin * d, window.position + first + end * d, d, *r[2:]))
                    if d > 1:
                        levels.spread(low[begin:end] - before[begin:end], begin, level.filter, d, samples)
                    extents.append((max(begin * d - half, 0), min((end - 1) * d + half + 1, len(samples)), (end-begin)*d, r[2]))
            total += len(extents)
            for begin, end, length, _ in sorted(extents):
                length_ms = length / self._sample_rate * 1e3
                self._findings.add(
                    Finding(
                        KIND,
                        window.position + first + begin,
                        end - begin,
                        channel,
                        f"click, {length_ms:.2g} ms",
                    )
                )
                yield Patch(channel, first + begin, samples[begin:end])
        self._expectation.found(total)


class Declick(BlockRepairer):
    """A processor that repairs clicks.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        How.
    findings
        Gets what is found.

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
        findings: Findings | None = None,
    ) -> None:
        self.settings = chosen = settings or DeclickSettings()
        stream = StreamFormat(sample_rate, channels)
        span = Span(*(ms_to_samples(ms, sample_rate) for ms in (PAST_MS, HOP_MS, FUTURE_MS)))
        told = Findings(sample_rate) if findings is None else findings
        super().__init__(stream, span, lambda: _Repair(stream, span, chosen, told), told)
