"""The repair of clicks as a processor."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dap_stream.core.array_types import F64
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import ms_to_samples
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.declick import kernels
from dap_stream.processors.declick.settings import DeclickSettings
from dap_stream.processors.findings import Finding, Findings

KIND = "clicks"

PAST_MS, HOP_MS, FUTURE_MS = 30.0, 20.0, 20.0
BLOCK_MS = 2.5
BRIDGE_MS = 0.4
ORDER = 32
THRESHOLD = 8.0
LEFT, GAIN = 4.0, 10.0
MOST_IN_WINDOW = 100


class _Repair:
    """Clicks of each channel by itself."""

    def __init__(
        self, stream: StreamFormat, span: Span, settings: DeclickSettings, findings: Findings
    ) -> None:
        rate = stream.sample_rate
        self._sample_rate, self._findings = rate, findings
        self._taper: F64 = np.hanning(span.whole + 2)[1:-1].copy()
        self._block = max(ms_to_samples(BLOCK_MS, rate), 8)
        self._longest = max(ms_to_samples(settings.longest_ms, rate), 2)
        self._bridge = min(max(ms_to_samples(BRIDGE_MS, rate), 2), ORDER)
        self._threshold = THRESHOLD / settings.sensitivity
        self._spans = np.zeros((MOST_IN_WINDOW, 2), np.int64)

    def patches(self, window: Window) -> Iterator[Patch]:
        for channel, heard in enumerate(window.audio):
            if not heard.any():
                continue
            samples = heard.copy()
            count = kernels.mend(
                samples,
                self._taper,
                ORDER,
                (window.due.start, window.due.stop),
                self._block,
                self._longest,
                self._bridge,
                self._threshold,
                LEFT,
                GAIN,
                self._spans,
            )
            for begin, end in sorted(self._spans[:count].tolist()):
                length_ms = (end - begin) / self._sample_rate * 1e3
                self._findings.add(
                    Finding(KIND, window.position + begin, end - begin, channel, f"click, {length_ms:.2g} ms")
                )
                yield Patch(channel, begin, samples[begin:end])


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
