"""The streaming shell of every repair that changes stretches of samples and leaves all others as they are.

Samples are put in windows that overlap: a past that is repaired already, a hop whose damage is due, and a
future that is there to be looked at. A `Repair` gives the samples that take the place of damaged ones; all
others go through bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dap_stream.core.alone import Alone
from dap_stream.core.array_types import F64, Audio
from dap_stream.core.processor import checked_buffer
from dap_stream.core.stream_format import StreamFormat
from dap_stream.core.units import samples_to_ms
from dap_stream.dsp.streaming_stft import FixedBlocks
from dap_stream.processors.findings import Findings


@dataclass(frozen=True)
class Span:
    """Lengths of a window, in samples."""

    past: int
    hop: int
    future: int

    @property
    def whole(self) -> int:
        """All of it."""
        return self.past + self.hop + self.future


@dataclass(frozen=True)
class Window:
    """Stretch of the stream that a `Repair` sees at once.

    Parameters
    ----------
    audio
        ``[channels, columns]``; repaired already where earlier windows have done so. Not to be changed.
    position
        Sample of the recording in the first column; negative near its beginning.
    due
        Columns of the hop. What is damaged from here on, and begins here, is repaired now, up to its end, and
        into the future if need be.
    stream
        Columns that the stream has; before and after it are zeros.
    """

    audio: F64
    position: int
    due: range
    stream: range


@dataclass(frozen=True)
class Patch:
    """Samples in the place of damaged ones."""

    channel: int
    column: int
    samples: F64


class Repair(Protocol):
    """Finds damage and gives what takes its place; made anew for each stream, whose state it may hold."""

    def patches(self, window: Window) -> Iterable[Patch]:
        """Give the patches of the next window, which is a hop later than the one before.

        They begin at ``window.due.start`` at the earliest and end within the window; a later one goes over an
        earlier one.
        """


class _Stream:
    """All that a stream leaves behind."""

    def __init__(self, channels: int, span: Span, advance: Callable[[F64], F64]) -> None:
        self.repair: Repair | None = None  # made for the first window: till then its model may learn
        self.blocks = FixedBlocks(span.hop, channels, advance, np.float64)
        self.audio: F64 = np.zeros((channels, span.whole))
        self.n_samples = 0  # of the stream so far
        self.n_windows = 0
        self.length: int | None = None  # known at its end
        self.dtype: np.dtype[np.float32 | np.float64] = np.dtype(np.float32)


class BlockRepairer:
    """A `dap_stream.core.processor.Processor` that repairs what a `Repair` finds.

    One thread at a time may call `process`, `flush` and `reset`; a second one gets a SettingError.

    Parameters
    ----------
    stream
        Sample rate and channels.
    span
        Lengths of the windows; ``latency`` is hop and future together.
    make_repair
        Called when a stream begins, with its first window; what a first pass told is known by then.
    findings
        To be cleared when a stream begins; the repair adds to it.
    """

    def __init__(
        self,
        stream: StreamFormat,
        span: Span,
        make_repair: Callable[[], Repair],
        findings: Findings | None = None,
    ) -> None:
        self._alone = Alone(type(self).__name__)
        self.sample_rate, self.channels = stream.sample_rate, stream.channels
        self._span, self._make_repair = span, make_repair
        self.findings = Findings(stream.sample_rate) if findings is None else findings
        self.latency: int = span.hop + span.future
        self.start_up = 0
        """Samples that come before the recording: the latency of all that is before it in a chain."""
        self._stream = self._new_stream()

    @property
    def latency_ms(self) -> float:
        """`latency` for display."""
        return samples_to_ms(self.latency, self.sample_rate)

    @property
    def hop(self) -> int:
        """Samples that it works on at a time."""
        return self._span.hop

    def process(self, buffer: Audio) -> Audio:
        """Take the next samples and give as many, ``latency`` samples late.

        Parameters
        ----------
        buffer
            ``[channels, n]`` for any n.

        Returns
        -------
        numpy.ndarray
            ``[channels, n]`` of the same dtype.
        """
        with self._alone:
            buffer = checked_buffer(buffer, self.channels)
            self._stream.dtype = buffer.dtype
            self._stream.n_samples += buffer.shape[1]
            return self._stream.blocks.process(buffer)

    def _advance(self, samples: F64) -> F64:
        """The next hop ``[channels, hop]`` in, the one that is due out, repaired."""
        stream, span = self._stream, self._span
        if stream.repair is None:
            self.findings.clear()
            stream.repair = self._make_repair()
        stream.audio[:, : -span.hop] = stream.audio[:, span.hop :].copy()
        stream.audio[:, -span.hop :] = samples
        stream.n_windows += 1
        heard = stream.n_windows * span.hop
        first = heard - span.whole - self.start_up
        end = (heard if stream.length is None else stream.length) - self.start_up
        window = Window(
            stream.audio,
            first,
            range(span.past, span.past + span.hop),
            range(min(max(-first, 0), span.whole), min(max(end - first, 0), span.whole)),
        )
        if window.due.start < window.stream.stop and window.due.stop > window.stream.start:
            for patch in stream.repair.patches(window):
                assert patch.column >= span.past, "what was given is out of reach"
                stream.audio[patch.channel, patch.column : patch.column + len(patch.samples)] = patch.samples
        return stream.audio[:, span.past : span.past + span.hop].copy()

    def flush(self) -> Audio:
        """The last ``latency`` samples ``[channels, latency]``; then as after `reset`."""
        with self._alone:
            self._stream.length = self._stream.n_samples
            tail = self.process(np.zeros((self.channels, self.latency), self._stream.dtype))
            self.reset()
            return tail

    def reset(self) -> None:
        """Forget the stream; what was found in it stays until the next one begins."""
        with self._alone:
            self._stream = self._new_stream()

    def _new_stream(self) -> _Stream:
        return _Stream(self.channels, self._span, self._advance)
