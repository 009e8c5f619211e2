"""The repair of hum without any delay: each moment is told from what was heard before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dap_stream.core.alone import Alone
from dap_stream.core.array_types import F64, Audio
from dap_stream.core.processor import checked_buffer
from dap_stream.core.stream_format import StreamFormat
from dap_stream.dsp.line_kernels import add_tones, robust_means
from dap_stream.dsp.streaming_stft import FixedBlocks
from dap_stream.processors.dehum.frames import GRID_S, Frames
from dap_stream.processors.dehum.settings import DehumSettings
from dap_stream.processors.dehum.track import Track
from dap_stream.processors.dehum.voice import HELD_S, Voice, choose
from dap_stream.processors.dehum.watcher import Watcher

_JUDGED_EVERY = 10  # frames from one decision about lines to the next
_SEARCH_PARTS = 8  # frames that a search for lines is spread over: none of them may take long
_KNOWN = 20  # frames before a new track is heard, so that it knows its phase
_RENEWED_AFTER = 60  # frames of a track in which nothing is heard
_FREE = 20  # newest frames whose phase is still corrected


class _Stream:
    """All that a stream leaves behind."""

    def __init__(
        self, channels: int, frames: Frames, settings: DehumSettings, advance: Callable[[F64], F64]
    ) -> None:
        self.blocks = FixedBlocks(frames.hop, channels, advance, np.float64)
        self.watcher = Watcher(frames.sample_rate, settings, _SEARCH_PARTS)
        self.voices: list[Voice] = []
        self.heard: F64 = np.zeros((channels, 2 * frames.hop))  # the last frame
        self.n_frames = 0


class LiveDehum:
    """A processor that subtracts hum and whine as they are expected from the seconds before; no latency.

    One thread at a time may call `process`, `flush` and `reset`; a second one gets a SettingError.

    Parameters
    ----------
    sample_rate
        Hz, 8000 to 384000.
    channels
        1 to 64.
    settings
        Which tones.

    Raises
    ------
    SettingError
        If rate, channels or settings cannot be.
    """

    latency = 0

    def __init__(self, sample_rate: int, channels: int = 1, settings: DehumSettings | None = None) -> None:
        self._alone = Alone(type(self).__name__)
        self.channels = StreamFormat(sample_rate, channels).channels
        self.settings = settings or DehumSettings()
        self._frames = Frames(sample_rate)
        self._warm_up()
        self._stream = self._new_stream()

    @property
    def hop(self) -> int:
        """Samples that it works on at a time."""
        return self._frames.hop

    def process(self, buffer: Audio) -> Audio:
        """Take the next samples and give as many, at once.

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
            expected = self._stream.blocks.process(buffer, np.empty(buffer.shape))
            return np.asarray(buffer - expected, buffer.dtype)

    def flush(self) -> Audio:
        """Nothing is inside: ``[channels, 0]``; then as after `reset`."""
        self.reset()
        return np.zeros((self.channels, 0), np.float32)

    def reset(self) -> None:
        """Forget the stream."""
        with self._alone:
            self._stream = self._new_stream()

    def _new_stream(self) -> _Stream:
        return _Stream(self.channels, self._frames, self.settings, self._advance)

    def _warm_up(self) -> None:
        """Have the kernels there before the stream needs them: to compile one takes longer than a buffer."""
        one = np.zeros((1, 2), np.complex128)
        robust_means(one, np.ones(1), np.zeros(1, np.int64), 0, one[:, :1].copy(), np.zeros((1, 1)))
        add_tones(one, np.zeros((1, 2)), 1, np.zeros(1))

    def _advance(self, samples: F64) -> F64:
        """Learn from the newer half of a frame ``[channels, hop]``, and expect the hum of the next."""
        stream, frames = self._stream, self._frames
        stream.n_frames += 1
        if stream.watcher.feed(samples):
            held = round(HELD_S / GRID_S)
            for each in choose(stream.voices, stream.watcher.series, stream.n_frames, held):
                track = Track(each, frames, self.channels, stream.n_frames)
                stream.voices.append(Voice(track, stream.n_frames, False))
        stream.heard = np.concatenate((stream.heard[:, frames.hop :], samples), axis=1)
        hum = np.zeros_like(samples)
        if stream.voices:
            spectra = [frames.spectra(each) for each in stream.heard]
            for voice in stream.voices:
                if voice.is_silent and len(voice.track.phases) >= _RENEWED_AFTER:
                    voice.renew(Track(voice.series, frames, self.channels, stream.n_frames))
                voice.track.extend(np.stack([voice.track.pick(each) for each in spectra]))
                self._expect(voice, hum)
            stream.voices = [voice for voice in stream.voices if voice.is_wanted or np.any(voice.last)]
        return hum

    def _expect(self, voice: Voice, hum: F64) -> None:
        """Add what will be heard of a voice from now to the next frame to ``hum [channels, hop]``."""
        track, hop = voice.track, self._frames.hop
        now = track.end  # the newest frame is centred half a frame ago
        track.settle(now - _FREE)
        n_known = len(track.phases)
        if n_known < _KNOWN:
            return
        if n_known == _KNOWN or now % _JUDGED_EVERY == 0:
            track.judge()
        there = track.amplitudes(np.array([now + 1]))
        voice.silence(there, GRID_S)
        if not voice.is_wanted:
            there[...] = 0.0
        phases = track.phase(np.array([now, now + 1]))
        turns = np.exp(1j * track.numbers[:, None] * phases)
        # What was expected before goes over into what is expected now.
        here = np.asarray(voice.last) / turns[:, 0]
        voice.last = there[..., 0] * turns[:, 1]
        amplitudes = np.stack((here, there[..., 0]), axis=2)
        for channel, each in enumerate(amplitudes):
            used = np.flatnonzero(each.any(axis=1))
            if len(used):
                turned = track.numbers[used, None] * phases
                add_tones(np.ascontiguousarray(each[used]), turned, hop, hum[channel])
