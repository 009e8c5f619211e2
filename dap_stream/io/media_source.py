"""One track of sound of a film or phone recording as a source, through PyAV, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError, SettingError
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.surroundings import Surroundings
from dap_stream.io.around.tags import Tags
from dap_stream.io.around.translate import made_of_tags
from dap_stream.io.input_checks import check_readable
from dap_stream.io.media_decoder import MediaDecoder, samples_of
from dap_stream.io.media_scan import scan
from dap_stream.io.media_texts import read_texts
from dap_stream.io.media_timeline import Timeline

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

_WARM_UP_S = 2.0  # decoded before a place that was jumped to, until the decoder gives what it gives without
_MOST_ZEROS = 65536  # of a stretch without sound at a time


class MediaSource:
    """A source that reads a track of what phones and cameras make, with the promises of `SeekableSource`.

    Samples are those that a player would let us hear: what the encoder put before and behind them is left
    out, and stretches without packets are silence, so that all stay where the time stamps have them.
    ``start_time`` is when the first one is heard, ``track`` its number. ``doubt`` says what is wrong with a
    file that is read all the same, ``remarks`` what else there is to know.

    Parameters
    ----------
    path
        MP4, M4A, MOV, MKV, WebM, WMA, AVI, 3GP and others.
    start, stop
        Only these samples of it; `n_samples` and `seek` count from ``start``.
    track
        Which one, from 1; None is the one that a player takes.

    Raises
    ------
    InputError
        For all that can be wrong with the file.
    SettingError
        For a range or track that it does not have, and if PyAV is not installed.
    """

    def __init__(
        self, path: str | Path, start: int = 0, stop: int | None = None, track: int | None = None
    ) -> None:
        self.path = Path(path)
        check_readable(self.path)
        try:
            found = scan(self.path, track)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror}); copy it again") from error
        self._scan = found
        self.track = found.track
        self.format = found.format
        self.sample_rate, self.channels = found.format.sample_rate, found.format.channels
        self.dtype: type[np.float32 | np.float64] = np.float64 if self.format.needs_float64 else np.float32
        end = found.n_samples if stop is None else min(stop, found.n_samples)
        if not 0 <= start < end:
            raise SettingError(
                f"{self.path}: start={start / self.sample_rate:.3f} s must be in 0 s .. "
                f"{end / self.sample_rate:.3f} s, end excluded"
            )
        self._start, self._stop = start, end
        self.n_samples = end - start
        self.is_part = self.n_samples < found.n_samples
        self.has_picture = found.has_picture
        self.start_time = found.start + Fraction(start, self.sample_rate)
        self._decoder: MediaDecoder | None = None
        self._stack = ExitStack()
        self._pieces: Iterator[Audio] = iter(())
        self._rest: Audio = np.zeros((self.channels, 0), self.dtype)
        self._position = 0
        self._go_to(start)

    @property
    def doubt(self) -> str | None:
        """Damage of the file in words, None if there is none."""
        timeline, parts = self._scan.timeline, []
        if self._scan.n_damaged:
            n = self._scan.n_damaged
            parts.append(f"{n} packet{'s' if n > 1 else ''} of sound damaged, and silent or heard in part")
        if timeline.n_dropped:
            parts.append(f"{self._seconds(timeline.n_dropped)} are there twice, and are taken once")
        if timeline.n_jumps:
            parts.append(f"its time stamps jump {timeline.n_jumps} times, and the sound is joined there")
        return "; ".join(parts) or None

    @property
    def remarks(self) -> tuple[str, ...]:
        """All else that there is to know before it is cleaned."""
        found, texts = self._scan, []
        if found.n_tracks > 1:
            texts.append(f"has {found.n_tracks} tracks of sound; this is about track {found.track}")
        if found.timeline.n_filled:
            texts.append(
                f"{self._seconds(found.timeline.n_filled)} without sound in it are filled with silence"
            )
        if found.n_changes:
            texts.append(
                f"its sample rate or channels change on the way; all of it is taken as {self.sample_rate} Hz "
                f"and {self.channels} channels"
            )
        return tuple(texts)

    @property
    def cut(self) -> Cut:
        """The part of the track that is read."""
        return Cut(self.sample_rate, self._start, self.n_samples if self.is_part else None)

    def surroundings(self) -> Surroundings:
        """Texts of the file that other containers can say too."""
        return made_of_tags("OGG", Tags(read_texts(self.path)))

    def _seconds(self, n_samples: int) -> str:
        return format_seconds(n_samples / self.sample_rate, 3)

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``, C-contiguous; ``[channels, 0]`` at the end."""
        n_samples = min(n_samples, self._stop - self._position)
        parts, missing = [], n_samples
        while missing > 0:
            if not self._rest.shape[1]:
                piece = next(self._pieces, None)
                if piece is None:
                    raise InputError(f"{self.path}: was changed while it was read; start again")
                self._rest = piece
            part, self._rest = self._rest[:, :missing], self._rest[:, missing:]
            parts.append(part)
            missing -= part.shape[1]
        self._position += n_samples
        return np.concatenate(parts, axis=1) if parts else np.zeros((self.channels, 0), self.dtype)

    def seek(self, sample: int) -> None:
        """Continue reading at this sample, counted from ``start``."""
        if not 0 <= sample <= self.n_samples:
            raise SettingError(f"sample={sample} must be in 0..{self.n_samples} of {self.path}")
        self._go_to(self._start + sample)

    def _go_to(self, position: int) -> None:
        """Have the next sample be this one of the track."""
        warm_up = round(_WARM_UP_S * self.sample_rate)
        if not (self._decoder is not None and self._position <= position <= self._position + warm_up):
            landed = self._jump(position - warm_up) if position > 2 * warm_up else None
            if landed is None or landed > position:
                landed = self._rewind()
            self._position = landed
        self._skip(position)

    def _skip(self, position: int) -> None:
        while self._position < position:
            if not self._rest.shape[1]:
                self._rest = next(self._pieces)
            n_skip = min(position - self._position, self._rest.shape[1])
            self._rest = self._rest[:, n_skip:]
            self._position += n_skip

    def _rewind(self) -> int:
        """Open it anew: no decoder is as sure to forget what it has heard."""
        self._stack.close()
        self._decoder = self._stack.enter_context(MediaDecoder(self.path, self.track))
        self._rest = self._rest[:, :0]
        self._pieces = self._decoded(self._decoder.frames(), self._timeline())
        return 0

    def _timeline(self) -> Timeline:
        base = self._scan.timeline.time_base
        return Timeline(self.sample_rate, base, self._scan.longest_gap_s)

    def _jump(self, position: int) -> int | None:
        """Let the container jump before ``position``; where it landed, None if that cannot be said."""
        if self._scan.timeline.n_jumps:
            return None  # a time stamp may be there twice
        landmarks = self._scan.landmarks
        stamp = landmarks.before(position)
        if stamp is None:
            return None
        self._rewind()
        assert self._decoder is not None
        decoder, timeline = self._decoder, self._timeline()
        try:
            decoder.seek(stamp)
        except OSError:
            return None
        timeline.start = self._scan.start
        frames = decoder.frames()
        for frame in frames:
            landed = None if frame.pts is None else landmarks.find(frame.pts)
            if landed is not None:
                timeline.continue_at(landed + frame.samples)
                self._rest = samples_of(frame, self.dtype)
                self._pieces = self._decoded(frames, timeline)
                return landed
        return None

    def _decoded(self, frames: Iterator[AudioFrame], timeline: Timeline) -> Iterator[Audio]:
        for frame in frames:
            gap, drop = timeline.place(frame.pts, frame.samples)
            for begin in range(0, gap, _MOST_ZEROS):
                yield np.zeros((self.channels, min(_MOST_ZEROS, gap - begin)), self.dtype)
            if drop < frame.samples:
                yield samples_of(frame, self.dtype)[:, drop:]

    def __enter__(self) -> MediaSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
