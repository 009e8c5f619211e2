"""Frames of one track of a film or recording, decoded as they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio
from dap_stream.io.media_files import load_av, opened
from dap_stream.io.media_tracks import choose_track

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame


class MediaDecoder:
    """One track of a file, from its beginning or from a time stamp on; closed by ``with``.

    What the encoder put before and behind the sound is cut by FFmpeg, which knows the edit lists and fields
    for it. ``n_damaged`` counts packets that could not be decoded, ``broke_off`` says that the file ended in
    the middle of something.
    """

    def __init__(self, path: Path, track: int | None) -> None:
        self._av = load_av(path)
        with ExitStack() as stack:
            self.container = stack.enter_context(opened(path))
            self.track, self.stream = choose_track(self.container, path, track)
            self._stack = stack.pop_all()
        for other in self.container.streams:
            if other is not self.stream:
                other.discard = self._av.stream.Discard.all  # not even read, where the container lets us
        # Several threads for one track only make the order of damage depend on chance.
        self.stream.codec_context.thread_count = 1
        self.n_damaged = 0
        self.broke_off = False
        self._resampler: Any = None
        self.n_changes = 0  # of sample rate or channels
        self._kind: tuple[int, str] | None = None
        self._resampler_for: tuple[int, str] | None = None

    def seek(self, stamp: int) -> None:
        """The next frame is one before this time stamp, how long before the file decides."""
        self.container.seek(stamp, stream=self.stream, backward=True)

    def frames(self) -> Iterator[AudioFrame]:
        """The frames, all of the sample rate and channels of the first one."""
        packets = iter(self.container.demux(self.stream))
        while True:
            try:
                packet = next(packets, None)
            except self._av.error.FFmpegError:
                self.broke_off = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except self._av.error.EOFError:
                return
            except self._av.error.FFmpegError:
                self.n_damaged += 1
                continue
            self.n_damaged += bool(packet.is_corrupt)
            for frame in frames:
                yield from self._alike(frame)

    def _alike(self, frame: AudioFrame) -> list[AudioFrame]:
        kind = (frame.sample_rate, frame.layout.name)
        if self._kind is None:
            self._kind, self._layout, self._format = kind, frame.layout, frame.format.name
        if kind == self._kind and self._resampler is None:
            return [frame]
        if self._resampler is None or kind != self._resampler_for:
            self.n_changes += 1
            self._resampler_for = kind
            self._resampler = self._av.AudioResampler(self._format, self._layout, self._kind[0])
        made: list[AudioFrame] = self._resampler.resample(frame)
        return made

    def __enter__(self) -> MediaDecoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


# Zero and full scale of integer samples.
_INTEGERS = {"u8": (128.0, 2.0**7), "s16": (0.0, 2.0**15), "s32": (0.0, 2.0**31), "s64": (0.0, 2.0**63)}


def samples_of(frame: AudioFrame, dtype: type[np.float32 | np.float64]) -> Audio:
    """``[channels, samples]`` of a frame, full scale 1.0."""
    raw: npt.NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        raw = raw.reshape(-1, len(frame.layout.channels)).T
    zero, scale = _INTEGERS.get(frame.format.name.removesuffix("p"), (0.0, 1.0))
    if scale == 1.0:
        return raw.astype(dtype)
    if scale <= 2.0**15:
        return ((raw.astype(np.float32) - np.float32(zero)) / np.float32(scale)).astype(dtype)
    return (raw.astype(np.float64) / scale).astype(dtype)
