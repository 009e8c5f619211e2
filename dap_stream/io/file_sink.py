"""Audio files as a sink, through libsndfile, block by block.

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

import io
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soundfile

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import check_channels
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.around.carry import Carried, make_writer
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.container_headers import rf64_to_wav
from dap_stream.io.extent import find_extent
from dap_stream.io.file_set import replace_together
from dap_stream.io.formats import FileFormat
from dap_stream.io.header_details import read_details, write_details
from dap_stream.io.libsndfile import library_name
from dap_stream.io.ogg_serial import settle_serial
from dap_stream.io.patched_file import PatchedFile
from dap_stream.io.pcm import Storage
from dap_stream.io.shifted_file import ShiftedFile
from dap_stream.io.speakers import channel_order

# Longest piece handed to an encoder: the Vorbis encoder of libsndfile keeps a whole call on its stack.
_PIECE = 65536
# Encoder settings of libsndfile, 0 = best, chosen to add as little as is reasonable to a second generation.
_COMPRESSION = {"VORBIS": 0.2, "OPUS": 0.5, "MPEG_LAYER_III": 0.0}


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
    carried
        What is put around the samples.

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
        carried: Carried | None = None,
    ) -> None:
        self.name = str(path)
        self.format = file_format
        self.n_samples = 0
        self._n_around = 0 if carried is None else carried.n_bytes
        file_format.check(self.name)
        self._container = self._choose_container(n_samples)
        self._storage = Storage(file_format.bits, np.float64 if file_format.needs_float64 else np.float32)
        order = channel_order(file_format.container, file_format.subtype, file_format.channels)
        self._order = slice(None) if order is None else list(order)
        self._hidden = HiddenFile(path, force)
        self._writer = None if carried is None else make_writer(carried, file_format, self._container)
        self._shifted: ShiftedFile | None = None
        self._file: soundfile.SoundFile | None = None
        self._is_finished = False

    def _choose_container(self, n_samples: int | None) -> str:
        if self.format.container not in ("WAV", "WAVEX") or self.format.n_bytes(0) is None:
            container = self.format.container
        elif n_samples is None or not self.format.has_room(n_samples, self._n_around):
            return "RF64"  # of unknown length: made a WAV in the end if it is small
        else:
            container = self.format.container
        if n_samples is not None and not self.format.has_room(n_samples, self._n_around):
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
            path = self._hidden.create()
            if self._writer is not None:
                self._shifted = ShiftedFile(path, *self._writer.room(self._probe()))
            name = library_name(path) if self._shifted is None else self._shifted.as_binary()
            self._file = self._encoder(name)
        except (soundfile.LibsndfileError, ValueError) as error:
            reason = self._reason()
            self._discard()
            if reason is not None:
                raise self._failure(reason) from error
            raise SettingError(
                f"{self.name}: {self.format.subtype} in {self._container} with {self.format.channels} "
                f"channels at {self.format.sample_rate} Hz cannot be written ({error}); choose .wav or .caf"
            ) from error
        except OSError as error:
            self._discard()
            raise self._failure(error.strerror or str(error)) from error
        except BaseException:
            self._discard()
            raise
        return self

    def _encoder(self, file: BinaryIO | str | bytes) -> soundfile.SoundFile:
        return soundfile.SoundFile(
            file,
            "w",
            self.format.sample_rate,
            self.format.channels,
            self.format.subtype,
            None if self._container == "RF64" else self.format.endian,
            self._container,
            compression_level=_COMPRESSION.get(self.format.subtype),
        )

    def _probe(self) -> BinaryIO:
        """A file of the same format with hardly a sample in it, to see what libsndfile writes before them."""
        probe = io.BytesIO()
        with self._encoder(probe) as file:
            file.write(np.zeros((1, self.format.channels), np.float32))
        write_details(probe, self.format, 1)
        return probe

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
        if self._container == self.format.container and not self.format.has_room(
            self.n_samples, self._n_around
        ):
            raise self._too_long()
        try:
            for begin in range(0, codes.shape[1], _PIECE):
                self._file.write(np.ascontiguousarray(codes[self._order, begin : begin + _PIECE].T))
        except (soundfile.LibsndfileError, AssertionError) as error:
            raise self._failure(self._reason() or str(error)) from error
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
            self._settle_head(path)
            if self.format.container == "OGG":
                settle_serial(path)
            self._check_written(path)
            self._hidden.settle()
        except (soundfile.LibsndfileError, OSError) as error:
            raise self._failure(self._reason() or str(error)) from error
        self._is_finished = True

    def _settle_head(self, path: Path) -> None:
        """Put right what libsndfile wrote before the samples, and put around them what was carried."""
        with path.open("r+b") as file:
            if self._writer is not None and self._shifted is not None:
                inner = self._shifted.as_binary()
                write_details(inner, self.format, self.n_samples)
                self._writer.put(inner, file, self.n_samples)
                if self._shifted.error is not None:
                    raise self._shifted.error
                return
            if self._container == "RF64" and self.format.container != "RF64":
                rf64_to_wav(file, keeps_extensible=self.format.container == "WAVEX")
            write_details(file, self.format, self.n_samples)

    def _check_written(self, path: Path) -> None:
        """libsndfile does not report all failed writes: count what can be read back."""
        if self.n_samples == 0:
            return
        with PatchedFile(path, read_details(path).patches) as file:
            n_found = soundfile.info(file).frames
        extent = find_extent(path)
        # Codecs that pack samples in blocks (ADPCM, GSM) fill up the last one.
        is_complete = n_found >= self.n_samples if self.format.is_lossy else n_found == self.n_samples
        if not is_complete or (extent is not None and extent.is_short):
            raise OSError(f"only {n_found} of {self.n_samples} samples arrived")

    def _reason(self) -> str | None:
        if self._shifted is not None and self._shifted.error is not None:
            return self._shifted.error.strerror
        return self._hidden.reason_of_failure()

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
            if self._shifted is not None:
                self._shifted.close()
            self._hidden.remove()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()
