"""Hum subtracted window by window, with its own sound made again from its tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dap_stream.core.array_types import C128, F64
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.line_kernels import add_tones
from dap_stream.processors.block_repairer import Patch, Span, Window
from dap_stream.processors.dehum.frames import GRID_S, Frames
from dap_stream.processors.dehum.series import Series
from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.dehum.track import Track
from dap_stream.processors.dehum.voice import HELD_S, Voice, choose
from dap_stream.processors.dehum.watcher import HumModel, Watcher
from dap_stream.processors.findings import Findings

HOP_FRAMES, FUTURE_FRAMES = 20, 40
_KNOT = 2  # frames from one amplitude to the next


def span(sample_rate: int) -> Span:
    """Windows: a second that is due, and two to come, from which the ends of that second are told too."""
    hop = Frames(sample_rate).hop
    return Span(0, HOP_FRAMES * hop, FUTURE_FRAMES * hop)


class HumRepair:
    """A `dap_stream.processors.block_repairer.Repair` that subtracts series of steady tones.

    Parameters
    ----------
    stream
        Sample rate and channels.
    settings
        Which tones.
    model
        What a first pass found; without one, the stream is watched for series on the way.
    findings
        Gets each stretch of a series.
    """

    def __init__(
        self, stream: StreamFormat, settings: DehumSettings, model: HumModel | None, findings: Findings
    ) -> None:
        self._stream, self._findings = stream, findings
        self._frames = Frames(stream.sample_rate)
        self._model = model if model is not None and model.stretches is not None else None
        self._watcher = Watcher(stream.sample_rate, settings) if self._model is None else None
        self._heard = 0  # samples that the watcher has
        self._voices: list[Voice] = []

    def patches(self, window: Window) -> Iterator[Patch]:
        """Give the samples of the hop less the hum in them."""
        start = window.position + window.due.start
        is_last = window.stream.stop <= window.due.stop
        self._choose(self._series(window, start), start)
        self._extend(window)
        hum = np.zeros((self._stream.channels, len(window.due)))
        begin, end = max(window.due.start, window.stream.start), min(window.due.stop, window.stream.stop)
        for voice in self._voices:
            self._add(voice, start, begin - window.due.start, end - window.due.start, hum)
        if is_last:
            for voice in self._voices:
                voice.close(self._findings)
        self._voices = [voice for voice in self._voices if voice.is_wanted or np.any(voice.last)]
        for channel in np.flatnonzero(hum.any(axis=1)):
            here = hum[channel, begin - window.due.start : end - window.due.start]
            yield Patch(int(channel), begin, window.audio[channel, begin:end] - here)

    def _series(self, window: Window, start: int) -> Sequence[Series]:
        rate = self._stream.sample_rate
        if self._model is not None:
            return self._model.series_at(start / rate, (start + len(window.due)) / rate)
        assert self._watcher is not None, "one of both there is"
        first, end = self._heard - window.position, window.stream.stop
        if end > first:
            self._watcher.feed(window.audio[:, first:end].copy())
            self._heard = window.position + end
        return self._watcher.series

    def _choose(self, series: Sequence[Series], start: int) -> None:
        """Voices for what is there, and none for what is gone."""
        held = 0 if self._model is not None else round(HELD_S * self._stream.sample_rate)
        channels = self._stream.channels
        first = (
            start // self._frames.hop + 1
        )  # a frame in the middle of the first hop is the first that is whole
        for each in choose(self._voices, series, start, held):
            self._voices.append(Voice(Track(each, self._frames, channels, first), start, start <= 0))
        for voice in self._voices:
            if voice.is_silent:
                voice.renew(Track(voice.series, self._frames, channels, first))

    def _extend(self, window: Window) -> None:
        """Give all tracks the frames that came with this window."""
        hop = self._frames.hop
        first_sample, end_sample = window.position + window.stream.start, window.position + window.stream.stop
        first, end = -(-first_sample // hop) + 1, end_sample // hop
        tracks = [voice.track for voice in self._voices]
        for track in tracks:
            if not len(track.phases):
                track.first = max(track.first, first)
        since = min((track.end for track in tracks), default=end)
        if since >= end:
            return
        picked: list[list[C128]] = [[] for _ in tracks]
        begin = (since - 1) * hop - window.position
        for samples in window.audio[:, begin : end * hop - window.position]:
            spectra = self._frames.spectra(samples)
            for track, parts in zip(tracks, picked, strict=True):
                parts.append(track.pick(spectra[track.end - since :]))
        for track, parts in zip(tracks, picked, strict=True):
            track.extend(np.stack(parts))
            track.judge()

    def _add(self, voice: Voice, start: int, begin: int, end: int, hum: F64) -> None:
        """Add the sound of a voice to ``hum [channels, due]``; the stream has ``begin`` to ``end`` of it."""
        track, hop = voice.track, self._frames.hop
        if not len(track.phases):
            return
        due = start // hop + np.arange(0, HOP_FRAMES + 1, _KNOT)
        phases, amplitudes = track.phase(due), track.amplitudes(due)
        voice.silence(amplitudes, HOP_FRAMES * GRID_S)
        if not voice.is_wanted:
            amplitudes[...] = 0.0
        if voice.last is not None:
            amplitudes[..., 0] = voice.last
        voice.last = amplitudes[..., -1].copy()
        track.settle(int(due[-1]) + 1)
        for channel, each in enumerate(amplitudes):
            used = np.flatnonzero(each.any(axis=1))
            if len(used):
                turned = track.numbers[used, None] * phases
                add_tones(np.ascontiguousarray(each[used]), turned, _KNOT * hop, hum[channel])
        voice.note(amplitudes, start + begin, start + end, self._findings)
