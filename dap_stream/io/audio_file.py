"""Audio files as source and sink, through libsndfile, block by block.

**Exactness.** With PCM (WAV, FLAC, AIFF, AU, CAF, W64, RF64, ALAC) the sink returns exactly the
values that a reader will find, so the file of what was removed and the result add up to the input,
sample for sample as integers (unless the removed part itself exceeds full scale, which is counted
as clipped). With FLOAT and DOUBLE nothing is clipped, and the sum is exact to half a step of a
double. Lossy codecs (Vorbis, Opus, MP3, ADPCM, u-law) store something near what was written: there
the sum holds only approximately.

**Same in, same out.** Equal audio and format give equal files, byte for byte, in every container that is
written: what libsndfile takes from the clock or from chance is replaced before the file appears.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import check_channels
from dap_stream.core.units import format_seconds
from dap_stream.errors import InputError, OutputError, SettingError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.container_headers import rf64_to_wav
from dap_stream.io.extent import find_extent
from dap_stream.io.file_set import replace_together
from dap_stream.io.formats import PCM_BITS, FileFormat
from dap_stream.io.header_details import read_details, write_details
from dap_stream.io.input_checks import check_complete, check_readable, doubt_of, is_length_known
from dap_stream.io.ogg_serial import settle_serial
from dap_stream.io.patched_file import PatchedFile
from dap_stream.io.pcm import Storage
from dap_stream.io.speakers import channel_order, implied_mask, layout_of_mask

# Samples decoded before the one that was jumped to in a lossy file, several of its frames: after a jump
# decoders need some time until they give what they give without it.
_PREROLL = 8192
# Longest last page of Vorbis, 255 packets of 4096 samples: libsndfile is some hundred samples off in it.
_LAST_PAGE = 255 * 4096
# Longest piece handed to an encoder: the Vorbis encoder of libsndfile keeps a whole call on its stack.
_PIECE = 65536
# libsndfile gives a huge number for the length of a stream that does not say it.
_NO_LENGTH = 2**48
# Encoder settings of libsndfile, 0 = best, chosen to add as little as is reasonable to a second generation.
_COMPRESSION = {"VORBIS": 0.2, "OPUS": 0.5, "MPEG_LAYER_III": 0.0}


def library_version() -> str:
    """Version of libsndfile."""
    return str(soundfile.__libsndfile_version__)


def _name(path: Path) -> str | bytes:
    """Name for libsndfile: names of files need not be text where the system keeps them as bytes."""
    return os.fsencode(path) if os.name == "posix" else str(path)


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
        patches = (*(() if extent is None else extent.patches), *details.patches)
        self._patched = PatchedFile(self.path, patches) if patches else None
        try:
            self._file = _Decoder(self._patched or _name(self.path))
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


class FileSink:
    """A sink that writes a file, which appears under its name only when it is complete.

    Everything goes to a hidden file beside the target; `commit` moves it there in one step, and
    leaving the ``with`` block without it removes it, so that an existing target stays as it was.

    Parameters
    ----------
    path
        The target.
    file_format
        Container, sample format, rate and channels; that of a `FileSource` for instance.
    n_samples
        Expected length, None if unknown: WAV becomes RF64 if it would pass 4 GiB.
    force
        Replace the target if it exists. Otherwise it is an OutputError, also when it appears meanwhile.

    Raises
    ------
    OutputError
        If the format cannot be, or the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        file_format: FileFormat,
        n_samples: int | None = None,
        force: bool = True,
    ) -> None:
        self.name = str(path)
        self.format = file_format
        self.n_samples = 0
        file_format.check(self.name)
        self._container = self._choose_container(n_samples)
        self._storage = Storage(file_format.bits, np.float64 if file_format.needs_float64 else np.float32)
        order = channel_order(file_format.container, file_format.subtype, file_format.channels)
        self._order = slice(None) if order is None else list(order)
        self._hidden = HiddenFile(path, force)
        self._file: soundfile.SoundFile | None = None
        self._is_finished = False

    def _choose_container(self, n_samples: int | None) -> str:
        if self.format.container not in ("WAV", "WAVEX") or self.format.n_bytes(0) is None:
            container = self.format.container
        elif n_samples is None or not self.format.has_room(n_samples):
            return "RF64"  # of unknown length: made a WAV in the end if it is small
        else:
            container = self.format.container
        if n_samples is not None and not self.format.has_room(n_samples):
            raise self._too_long()
        return container

    def _too_long(self) -> OutputError:
        container = self.format.container
        return OutputError(f"{self.name}: {container} holds at most 4 GiB; choose .wav, .w64 or .caf")

    @property
    def hidden(self) -> HiddenFile:
        """After `finish`: to be moved to its name with others that belong to it, in the place of `commit`."""
        return self._hidden

    @property
    def clipped(self) -> int:
        """Samples that were beyond full scale of an integer format, so far."""
        return self._storage.clipped

    def __enter__(self) -> FileSink:
        try:
            self._file = soundfile.SoundFile(
                _name(self._hidden.create()),
                "w",
                self.format.sample_rate,
                self.format.channels,
                self.format.subtype,
                None if self._container == "RF64" else self.format.endian,
                self._container,
                compression_level=_COMPRESSION.get(self.format.subtype),
            )
        except (soundfile.LibsndfileError, ValueError) as error:
            reason = self._hidden.reason_of_failure()
            self._discard()
            if reason is not None:
                raise self._failure(reason) from error
            raise SettingError(
                f"{self.name}: {self.format.subtype} in {self._container} with {self.format.channels} "
                f"channels at {self.format.sample_rate} Hz cannot be written ({error}); choose .wav or .caf"
            ) from error
        except BaseException:
            self._discard()
            raise
        return self

    def quantise(self, audio: Audio) -> Audio:
        """Round as the file would, without writing or counting.

        Parameters
        ----------
        audio
            ``[channels, n]``.

        Returns
        -------
        numpy.ndarray
            The values that the file would hold, of the same shape.
        """
        return Storage(self._storage.bits, self._storage.float_dtype).store(audio)[1]

    def write(self, audio: Audio) -> Audio:
        """Append ``[channels, n]``; return the values stored (lossy codecs: those handed to the encoder)."""
        check_channels(audio, self.format.channels)
        assert self._file is not None, "write() belongs inside the with block, before finish()"
        codes, stored = self._storage.store(audio)
        self.n_samples += audio.shape[1]
        if self._container == self.format.container and not self.format.has_room(self.n_samples):
            raise self._too_long()
        try:
            for begin in range(0, codes.shape[1], _PIECE):
                self._file.write(np.ascontiguousarray(codes[self._order, begin : begin + _PIECE].T))
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise self._failure(self._hidden.reason_of_failure() or str(error)) from error
        return stored

    def finish(self) -> None:
        """Close the hidden file, check that every sample is in it, and have it on the disk."""
        if self._is_finished:
            return
        path = self._hidden.path
        assert self._file is not None and path is not None, "finish() belongs inside the with block"
        try:
            self._file.close()
            self._file = None
            if self._container == "RF64" and self.format.container != "RF64":
                rf64_to_wav(path, keeps_extensible=self.format.container == "WAVEX")
            write_details(path, self.format, self.n_samples)
            if self.format.container == "OGG":
                settle_serial(path)
            self._check_written(path)
            self._hidden.settle()
        except (soundfile.LibsndfileError, OSError) as error:
            raise self._failure(self._hidden.reason_of_failure() or str(error)) from error
        self._is_finished = True

    def _check_written(self, path: Path) -> None:
        """libsndfile does not report all failed writes: count what can be read back."""
        if self.n_samples == 0:
            return
        n_found, extent = soundfile.info(_name(path)).frames, find_extent(path)
        # Codecs that pack samples in blocks (ADPCM, GSM) fill up the last one.
        is_complete = n_found >= self.n_samples if self.format.is_lossy else n_found == self.n_samples
        if not is_complete or (extent is not None and extent.is_short):
            raise OSError(f"only {n_found} of {self.n_samples} samples arrived")

    def _failure(self, reason: str) -> OutputError:
        return OutputError(f"{self.name}: writing failed ({reason}); free space or choose another folder")

    def commit(self) -> None:
        """Put the complete file in the place of the target, in one step."""
        self.finish()
        replace_together([self._hidden])

    def _discard(self) -> None:
        """Remove the hidden file, if there is one."""
        file, self._file = self._file, None
        try:
            if file is not None:
                file.close()
        except soundfile.LibsndfileError:
            pass  # the file goes away anyway, and the reason was or will be raised
        finally:
            self._hidden.remove()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()
