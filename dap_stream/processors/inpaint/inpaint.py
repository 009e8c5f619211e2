"""The repair of gaps as a processor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest

from dap_stream.core.array_types import F64
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import ms_to_samples, samples_to_ms
from dap_stream.processors.block_repairer import BlockRepairer, Patch, Span, Window
from dap_stream.processors.findings import Finding, Findings
from dap_stream.processors.inpaint.detection import Gap, GapDetector
from dap_stream.processors.inpaint.filling import Filler
from dap_stream.processors.inpaint.marks import marks_in_samples
from dap_stream.processors.inpaint.settings import InpaintSettings

KIND = "gaps"

# A gap of a second that begins at the end of the hop, and as much sound after it as is used.
_PAST_MS, _HOP_MS, _FUTURE_MS = 1000.0, 500.0, 1500.0


class _Repair:
    """Of one stream."""

    def __init__(self, sample_rate: int, settings: InpaintSettings, findings: Findings) -> None:
        self._sample_rate, self._findings = sample_rate, findings
        self._detector = GapDetector(sample_rate, settings.shortest_ms, settings.longest_ms)
        self._filler = Filler(sample_rate, settings.method)
        self._finds = settings.find
        self._marks = marks_in_samples(settings.marks, sample_rate)
        self._done: dict[int, int] = {}  # channel to the sample up to which it is filled

    def patches(self, window: Window) -> Iterator[Patch]:
        told: dict[tuple[int, int, str], list[int]] = {}  # channels
        for channel in range(len(window.audio)):
            audio = window.audio[channel].copy()  # what is filled is the past of the next gap
            gaps = self._gaps(audio, window)
            for gap, following in zip_longest(gaps, gaps[1:]):
                done = self._done.get(channel, 0) - window.position
                if gap.start not in window.due or gap.end <= done:
                    continue
                start = max(gap.start, done)
                known_end = window.stream.stop if following is None else following.start
                filled = self._filler.fill(
                    audio[window.stream.start : start], audio[gap.end : known_end], gap.end - start
                )
                audio[start : gap.end] = filled.samples
                self._done[channel] = window.position + gap.end
                yield Patch(channel, start, filled.samples)
                ms = samples_to_ms(gap.end - start, self._sample_rate)
                text = f"{gap.cause}, {ms:.3g} ms, {filled.how}"
                told.setdefault((start, gap.end, text), []).append(channel)
        self._tell(window, told)

    def _gaps(self, audio: F64, window: Window) -> list[Gap]:
        """Columns of gaps and marks, in order; those that meet are one."""
        stream = window.stream
        gaps = []
        for start, end in self._marks:
            start, end = start - window.position, end - window.position
            if stream.start <= start < stream.stop:
                gaps.append(Gap(start, min(end, stream.stop), "marked"))
        if self._finds:
            gaps += [
                replace(gap, start=gap.start + stream.start, end=gap.end + stream.start)
                for gap in self._detector.gaps(audio[stream.start : stream.stop])
            ]
        joined: list[Gap] = []
        for gap in sorted(gaps, key=lambda each: each.start):
            if joined and gap.start <= joined[-1].end:
                joined[-1] = replace(joined[-1], end=max(joined[-1].end, gap.end))
            else:
                joined.append(gap)
        return joined

    def _tell(self, window: Window, told: dict[tuple[int, int, str], list[int]]) -> None:
        for (start, end, text), channels in sorted(told.items()):
            at = window.position + start
            if len(channels) == len(window.audio):
                self._findings.add(Finding(KIND, at, end - start, None, text))
                continue
            for channel in channels:
                self._findings.add(Finding(KIND, at, end - start, channel, text))


class Inpaint(BlockRepairer):
    """A processor that fills gaps and drop-outs from what surrounds them.

    Gaps are runs of zeros or of another constant value that begin and end abruptly, and buffers that were
    repeated bit for bit in the place of others. Short ones are filled by an autoregressive model of both
    sides, long ones by sound of the spectrum that lies between those of the sides.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64; each is filled for itself.
    settings
        Which gaps, and how.
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
        settings: InpaintSettings | None = None,
        findings: Findings | None = None,
    ) -> None:
        self.settings = chosen = settings or InpaintSettings()
        span = Span(*(ms_to_samples(ms, sample_rate) for ms in (_PAST_MS, _HOP_MS, _FUTURE_MS)))
        super().__init__(
            StreamFormat(sample_rate, channels),
            span,
            lambda: _Repair(sample_rate, chosen, self.findings),
            findings,
        )
