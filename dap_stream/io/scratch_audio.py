"""Audio that is kept on the disk for a while, to be written once and read again."""

from __future__ import annotations

import contextlib
import tempfile
from types import TracebackType
from typing import BinaryIO, cast

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.held_signals import held_back
from dap_stream.core.processor import check_channels
from dap_stream.errors import OutputError


class ScratchAudio:
    """A sink, and after `finish` a seekable source of the same samples, bit for bit.

    The file has no name: whatever happens to the program, its space is free again.

    Parameters
    ----------
    folder
        Where it is; its disk has to have the room.
    sample_rate, channels
        Of the sound.

    Raises
    ------
    OutputError
        If it cannot be made or written.
    """

    clipped = 0

    def __init__(self, folder: str, sample_rate: int, channels: int) -> None:
        self.folder, self.sample_rate, self.channels = folder, sample_rate, channels
        self.n_samples = 0
        self._dtype: np.dtype[np.float32 | np.float64] | None = None  # of the first samples
        self._file: BinaryIO | None = None

    def __enter__(self) -> ScratchAudio:
        try:
            with held_back():  # where no file can be made without a name, it has one for a moment
                file = tempfile.TemporaryFile(buffering=0, prefix=".dap_", dir=self.folder)
            self._file = cast(BinaryIO, file)
        except OSError as error:
            raise self._failure(error) from error
        return self

    def write(self, audio: Audio) -> Audio:
        """Append ``[channels, n]`` of always the same dtype, and give it back."""
        check_channels(audio, self.channels)
        assert self._file is not None, "write() belongs inside the with block"
        if self._dtype is None:
            self._dtype = audio.dtype
        assert audio.dtype == self._dtype, "a stream keeps its dtype"
        rest = memoryview(np.ascontiguousarray(audio.T).tobytes())
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise self._failure(error) from error
        self.n_samples += audio.shape[1]
        return audio

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.folder}: what is kept there for a while cannot be written ({error.strerror}); free space "
            "or choose another folder"
        )

    def finish(self) -> None:
        """All is written; go to its begin."""
        self.seek(0)

    def commit(self) -> None:
        """Nothing appears."""

    def seek(self, sample: int) -> None:
        """The next read starts at ``sample``."""
        assert self._file is not None, "seek() belongs inside the with block"
        self._file.seek(sample * self._width)

    @property
    def _width(self) -> int:
        dtype = self._dtype or np.dtype(np.float32)
        return self.channels * dtype.itemsize

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``; ``[channels, 0]`` at the end."""
        assert self._file is not None, "read() belongs inside the with block"
        data = self._file.read(n_samples * self._width)
        while len(data) % self._width and (more := self._file.read(self._width - len(data) % self._width)):
            data += more
        samples = np.frombuffer(data, self._dtype or np.float32)
        return np.ascontiguousarray(samples.reshape(-1, self.channels).T)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
