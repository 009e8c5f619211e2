"""A film or phone recording as a sink: its sound is written anew, all else is copied from the recording.

**In sync.** The encoder's own delay is told to the container (edit list, codec delay, or a time stamp that is
earlier), so that a player hears each sample at the time at which it was in the recording.

**Same in, same out.** No clock and no version of a library goes into the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import check_channels
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.file_set import replace_together
from dap_stream.io.media_copy import FilmCopy
from dap_stream.io.media_encoder import MediaEncoder
from dap_stream.io.media_files import load_av
from dap_stream.io.media_format import MediaFormat
from dap_stream.io.media_source import MediaSource
from dap_stream.io.media_writers import changes, is_sound_name, writer_options

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet


class MediaSink:
    """A sink that writes with PyAV; the file appears under its name only when it is complete.

    Parameters
    ----------
    path
        The target.
    media
        Container and codec.
    film
        What is copied but for its track that was read; None writes the sound alone.
    force
        Replace the target if it exists. Otherwise it is an OutputError, also when it appears meanwhile.
    sample_rate
        Of what is written to it, in Hz; None is that of ``media``.

    Raises
    ------
    SettingError
        If the container cannot hold the sound or the picture.
    OutputError
        If the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        media: MediaFormat,
        film: MediaSource | None = None,
        force: bool = True,
        sample_rate: int | None = None,
    ) -> None:
        self.name = str(path)
        self.format = media
        self.n_samples = 0
        self._av = load_av(self.name)
        self._film, self._sample_rate = film, sample_rate or media.sample_rate
        if film is not None and film.is_part and film.has_picture and not is_sound_name(Path(path)):
            raise SettingError(
                f"{self.name}: a part of a film would have the picture of all of it; clean all of it, or "
                "name a file for the sound alone (.m4a, .mka, .wav)"
            )
        self._hidden = HiddenFile(path, force)
        self._stack = ExitStack()
        self._copy: FilmCopy | None = None
        self._is_finished = False

    @property
    def hidden(self) -> HiddenFile:
        """After `finish`: to be moved to its name with others that belong to it, in the place of `commit`."""
        return self._hidden

    @property
    def clipped(self) -> int:
        """Samples that were beyond full scale of an integer format, so far."""
        return self._encoder.storage.clipped

    @property
    def remarks(self) -> tuple[str, ...]:
        """Remarks on all that is not as it was in the film."""
        found = None if self._film is None else changes(self.format, self._film.format)
        left_out = [] if self._copy is None else self._copy.left_out
        return (*([] if found is None else [found]), *left_out)

    def __enter__(self) -> MediaSink:
        try:
            self._file: BinaryIO = self._stack.enter_context(self._hidden.create().open("w+b"))
            self._open()
        except (ValueError, self._av.error.FFmpegError) as error:
            self._discard()
            raise SettingError(
                f"{self.name}: {self.format.codec} of {self.format.channels} channels at "
                f"{self.format.sample_rate} Hz cannot be written there ({error}); choose .wav or .mka"
            ) from error
        except BaseException:
            self._discard()
            raise
        return self

    def _open(self) -> None:
        self._container: OutputContainer = self._av.open(
            self._file, "w", format=self.format.container, options=writer_options(self.name, self.format)
        )
        if self._film is None:
            self._add_sound()
            return
        film = self._film
        only_sound = film.is_part or (film.has_picture and is_sound_name(Path(self.name)))
        self._copy = self._stack.enter_context(FilmCopy(film.path, film.track, self.name, only_sound))
        self._copy.add_to(self._container, self._add_sound)
        if not only_sound:
            start = film.start_time - self._copy.origin
            self._encoder.first_sample = round(start * self.format.sample_rate)

    def _add_sound(self) -> Any:
        self._encoder = MediaEncoder(self._container, self.format, self.name, self._sample_rate)
        return self._encoder.stream

    def write(self, audio: Audio) -> Audio:
        """Append ``[channels, n]``; return the values stored (lossy codecs: those handed to the encoder)."""
        check_channels(audio, self.format.channels)
        stored, packets = self._encoder.encode(audio)
        self.n_samples += audio.shape[1]
        with self._failures_told():
            self._put(packets)
        return stored

    def _put(self, packets: Iterable[Packet[Any]]) -> None:
        """Sound into the file, with the rest of the film up to there."""
        for packet in packets:
            self._container.mux(packet)
        if self._copy is not None:
            now = self._encoder.first_sample + self._encoder.n_encoded
            self._copy.until(self._container, Fraction(now, self.format.sample_rate) + self._copy.origin)

    def finish(self) -> None:
        """Close the hidden file and have it on the disk."""
        if self._is_finished:
            return
        with self._failures_told():
            self._put(self._encoder.end())
            if self._copy is not None:
                self._copy.until(self._container, None)
            self._container.close()
            self._stack.close()
            self._hidden.settle()
        self._is_finished = True

    @contextmanager
    def _failures_told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, self._av.error.FFmpegError) as error:
            reason = self._reason() or getattr(error, "strerror", None) or str(error)
            raise OutputError(
                f"{self.name}: writing failed ({reason}); free space or choose another folder"
            ) from error

    def _reason(self) -> str | None:
        return None if self._hidden.path is None else self._hidden.reason_of_failure()

    def commit(self) -> None:
        """Put the complete file in the place of the target, in one step."""
        self.finish()
        replace_together([self._hidden])

    def _discard(self) -> None:
        """Remove the hidden file, if there is one."""
        try:
            self._stack.close()
        finally:
            self._hidden.remove()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()
