"""Audio files as a source, through libsndfile, block by block."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from dap_stream.core.array_types import Audio
from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError, SettingError
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.read import read_around
from dap_stream.io.around.surroundings import Surroundings
from dap_stream.io.audio_span import find_audio
from dap_stream.io.extent import find_extent
from dap_stream.io.formats import PCM_BITS, FileFormat
from dap_stream.io.header_details import read_details
from dap_stream.io.input_checks import check_complete, check_readable, doubt_of, is_length_known
from dap_stream.io.libsndfile import library_name
from dap_stream.io.patched_file import PatchedFile
from dap_stream.io.speakers import channel_order, implied_mask, layout_of_mask

# Samples decoded before the one that was jumped to in a lossy file, several of its frames: after a jump
# decoders need some time until they give what they give without it.
_PREROLL = 8192
# Longest last page of Vorbis, 255 packets of 4096 samples: libsndfile is some hundred samples off in it.
_LAST_PAGE = 255 * 4096
_PIECE = 65536  # samples decoded at a time on the way to the one that is wanted
# libsndfile gives a huge number for the length of a stream that does not say it.
_NO_LENGTH = 2**48


class _Decoder(soundfile.SoundFile):  # type: ignore[misc]  # its base has no types
    """A SoundFile that does not seek to where it already is.

    SoundFile does so after every read of a seekable file. That makes MP3 and Opus decoders forget
    what they need for the next samples (errors as large as the signal), and it fails at the end of a
    FLAC file of unknown length. `seek` itself is not affected.
    """

    def seekable(self) -> bool:
        return False


class FileSource:
    """A source that reads a file, as float32, or float64 where float32 would lose bits.

    `n_samples` is None for the few files that do not say it (some FLAC and MP3 streams).
    Opened when it is built, so that `format` can be asked; closed by ``with``. `doubt` says what is wrong
    with a file that is read all the same, None if nothing is.

    Parameters
    ----------
    path
        WAV, FLAC, Ogg, MP3 or whatever else libsndfile reads.
    start, stop
        Only these samples of it; `n_samples` and `seek` count from ``start``.

    Raises
    ------
    InputError
        For all that can be wrong with the file.
    SettingError
        For a range that it does not have.
    """

    def __init__(self, path: str | Path, start: int = 0, stop: int | None = None) -> None:
        self.path = Path(path)
        check_readable(self.path)
        try:
            extent, details = find_extent(self.path), read_details(self.path)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be read ({error.strerror}); copy it again from its origin"
            ) from error
        self._extent = extent
        patches = (*(() if extent is None else extent.patches), *details.patches)
        self._patched = PatchedFile(self.path, patches) if patches else None
        try:
            self._file = _Decoder(self._patched or library_name(self.path))
        except soundfile.LibsndfileError as error:
            check_complete(self.path, extent, None)
            raise InputError(
                f"{self.path}: not an audio file that can be read ({error.error_string}); "
                "convert it to WAV or FLAC first"
            ) from error
        file = self._file
        kind = (file.format, file.subtype, file.channels)
        self._order = channel_order(*kind)
        # In an order of its own, a codec also has its own speakers; they are brought into the order of WAV.
        said = b"" if self._order is not None else details.channel_layout
        self.format = FileFormat(
            file.format,
            file.subtype,
            file.samplerate,
            file.channels,
            file.endian,
            details.valid_bits if file.subtype in PCM_BITS else None,
            said or layout_of_mask(implied_mask(*kind)),
        )
        self.sample_rate = self.format.sample_rate
        self.channels = self.format.channels
        self.dtype: type[np.float32 | np.float64] = np.float64 if self.format.needs_float64 else np.float32
        length: int | None = self._file.frames if self._file.frames < _NO_LENGTH else None
        n_bytes = None if extent is None else extent.n_bytes
        width = self.format.sample_bytes
        if length is not None and n_bytes is not None and width is not None:
            length = min(length, n_bytes // width)  # libsndfile takes chunks behind the audio for some
        if length is not None and 0 <= length - details.n_samples <= details.n_filled:
            length = details.n_samples
        self.doubt = doubt_of(extent, (length or 0) / self.sample_rate)
        try:
            check_complete(self.path, extent, (length or 0) / self.sample_rate)
            if length == 0:
                raise InputError(f"{self.path}: holds no samples; nothing to do")
            if not is_length_known(self.path, self.format.container):
                length = None
            self._length = length
            found = None if extent is None else extent.n_samples
            self._least = length or found or 1  # samples there must be
            self._start, self._stop = self._range(start, stop, length)
            self._position = 0
            if start:
                self._go_to(start)
        except BaseException:
            self._close()
            raise
        self.n_samples = None if self._stop is None else self._stop - self._start

    def _range(self, start: int, stop: int | None, length: int | None) -> tuple[int, int | None]:
        end = stop if length is None else length if stop is None else min(stop, length)
        if start < 0 or (end is not None and start >= end):
            limit = "the end" if end is None else f"{end / self.sample_rate:.3f} s"
            raise SettingError(
                f"{self.path}: start={start / self.sample_rate:.3f} s must be in 0 s .. {limit}, end excluded"
            )
        return start, end

    @property
    def cut(self) -> Cut:
        """The part of the file that is read."""
        is_to_end = self._stop is None or self._stop == self._length
        return Cut(self.sample_rate, self._start, None if is_to_end else self.n_samples)

    def surroundings(self) -> Surroundings:
        """Metadata around the samples of the whole file; InputError if it cannot be read."""
        try:
            span = find_audio(self.path)
            n_bytes = None if self._extent is None else self._extent.n_bytes
            end = None if span is None or n_bytes is None else span.start + n_bytes
            return read_around(self.path, self.format.container, end)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be read ({error.strerror}); copy it again from its origin"
            ) from error

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``, C-contiguous; ``[channels, 0]`` at the end."""
        if self._stop is not None:
            n_samples = min(n_samples, self._stop - self._position)
        audio = self._decode(n_samples)
        self._position += len(audio)
        # A decoder that does not know the length takes damage for the end, without a word.
        if len(audio) < n_samples and self._position < self._least:
            raise InputError(
                f"{self.path}: damaged or truncated: the audio ends at {self._now()} of "
                f"{format_seconds(self._least / self.sample_rate, 3)}; copy it again from its origin"
            )
        return np.ascontiguousarray(audio.T)

    def _decode(self, n_samples: int) -> Audio:
        """Next samples of the decoder, ``[samples, channels]``."""
        try:
            audio: Audio = self._file.read(n_samples, np.dtype(self.dtype).name, always_2d=True)
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"{self.path}: damaged or truncated: cannot be decoded after {self._now()} "
                f"({error.error_string}); copy it again from its origin"
            ) from error
        return audio if self._order is None else audio[:, np.argsort(self._order)]

    def _now(self) -> str:
        return format_seconds(self._position / self.sample_rate, 3)

    def seek(self, sample: int) -> None:
        """Continue reading at this sample, counted from ``start``."""
        if sample < 0 or (self.n_samples is not None and sample > self.n_samples):
            raise SettingError(f"sample={sample} must be in 0..{self.n_samples} of {self.path}")
        self._go_to(self._start + sample)

    def _go_to(self, position: int) -> None:
        """Set the decoder to a sample of the file."""
        landing = position - _PREROLL if self.format.is_lossy else position
        if self.format.subtype == "VORBIS" and self._length is not None:
            landing = min(landing, self._length - _LAST_PAGE)
        landing = max(landing, 0)
        self._position = position
        try:
            self._file.seek(landing)
        except soundfile.LibsndfileError as error:
            raise InputError(
                f"{self.path}: cannot jump to {self._now()} ({error.error_string}); start at 0 instead"
            ) from error
        for begin in range(landing, position, _PIECE):
            self._decode(min(_PIECE, position - begin))

    def _close(self) -> None:
        self._file.close()
        if self._patched is not None:
            self._patched.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
