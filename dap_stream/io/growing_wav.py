"""A WAV file that can be read at any moment while it grows, whatever happens to its writer."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dap_stream.errors import OutputError
from dap_stream.io.atomic_file import HiddenFile
from dap_stream.io.file_set import replace_together

_MAX_UINT32 = 2**32 - 1
_FLOAT = 3
_ROOM_S = 10.0  # of sound that the disk has to have room for, before an old recording is given up
_DS64_BYTES = 28  # two sizes, the count of samples, an empty table
HEAD_BYTES = 12 + 8 + _DS64_BYTES + 8 + 16 + 8


def wave_head(sample_rate: int, channels: int, n_bytes: int, most: int = _MAX_UINT32) -> bytes:
    """Header for ``n_bytes`` of float32 samples: RIFF, or RF64 in the same room beyond ``most``."""
    width = 4 * channels
    fmt = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, _FLOAT, channels, sample_rate, sample_rate * width, width, 32
    )
    riff = HEAD_BYTES - 8 + n_bytes
    if riff <= most:
        room = struct.pack("<4sI28x", b"JUNK", _DS64_BYTES)
        start, data = struct.pack("<4sI4s", b"RIFF", riff, b"WAVE"), n_bytes
    else:
        room = struct.pack("<4sIQQQI", b"ds64", _DS64_BYTES, riff, n_bytes, n_bytes // width, 0)
        start, data = struct.pack("<4sI4s", b"RF64", _MAX_UINT32, b"WAVE"), _MAX_UINT32
    return start + room + fmt + struct.pack("<4sI", b"data", data)


class GrowingWave:
    """Appends float32 samples, which never clip. The sizes in the header follow each `write`.

    Samples are written first and the header after them, so that it never promises what is not in the file.
    Hidden until `begin_together`. An existing file is an OutputError unless ``force``; it is whole so long.
    """

    def __init__(
        self, path: str | Path, sample_rate: int, channels: int, force: bool = False, most: int = _MAX_UINT32
    ) -> None:
        self.path = str(path)
        self._format, self._most = (sample_rate, channels), most
        self.n_bytes = 0
        self._hidden = HiddenFile(path, force)
        self._replaces = os.path.exists(path)
        self._file: int | None = None
        try:
            self._file = os.open(self._hidden.create(), os.O_WRONLY | getattr(os, "O_BINARY", 0))
            self._write_head()
        except OSError as error:
            self.give_up()
            raise self._failure(error) from error
        except BaseException:
            self.give_up()
            raise

    def take_room(self) -> None:
        """OutputError if there is an old recording, and no room for the first seconds of this one."""
        assert self._file is not None, "take_room() comes before close()"
        if self._replaces and hasattr(os, "posix_fallocate"):
            sample_rate, channels = self._format
            try:
                os.posix_fallocate(self._file, 0, HEAD_BYTES + round(_ROOM_S * sample_rate) * 4 * channels)
            except OSError as error:
                raise self._failure(error) from error

    def settle(self) -> HiddenFile:
        """An empty recording on the disk, ready to be moved to its name."""
        assert self._file is not None, "settle() comes before close()"
        try:
            os.ftruncate(self._file, HEAD_BYTES)
            self._hidden.settle()
        except OSError as error:
            raise self._failure(error) from error
        return self._hidden

    def give_up(self) -> None:
        """Close it as if it had never been opened; instead of `begin_together`, or after it failed."""
        self.close()
        self._hidden.remove()

    @property
    def n_samples(self) -> int:
        """Of each channel, in the file."""
        return self.n_bytes // (4 * self._format[1])

    def write(self, audio: npt.NDArray[np.float32]) -> None:
        """Append ``[channels, n]``; OutputError if the disk is full, and the file ends before it then."""
        assert self._file is not None, "write() comes before close()"
        rest = memoryview(np.ascontiguousarray(audio.T, "<f4").tobytes())
        end = self.n_bytes + len(rest)
        try:
            os.lseek(self._file, HEAD_BYTES + self.n_bytes, os.SEEK_SET)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self.n_bytes = end
            self._write_head()
        except OSError as error:
            self._cut()
            raise self._failure(error) from error

    def _write_head(self) -> None:
        assert self._file is not None
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, wave_head(*self._format, self.n_bytes, self._most))

    def _cut(self) -> None:
        """Take away what was written of the last piece: the header says nothing of it."""
        assert self._file is not None
        try:
            os.ftruncate(self._file, HEAD_BYTES + self.n_bytes)
        except OSError:
            return  # readers skip what is behind the size in the header

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path}: writing failed ({error.strerror}); free space or choose another disk"
        )

    def close(self) -> None:
        """Nothing is left to be done but to close it. A second time does nothing."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def begin_together(waves: Sequence[GrowingWave]) -> None:
    """Empty recordings in the places of what was there before: all of them, or OutputError and none."""
    for wave in waves:
        wave.take_room()
    replace_together([wave.settle() for wave in waves])
