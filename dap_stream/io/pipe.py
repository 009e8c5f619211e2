"""Standard input and output, or any other byte stream: WAV or raw samples, as they come.

Reading returns what is there and does not wait for a full buffer; writing passes every buffer on
at once; so ``ffmpeg ... | dap-stream denoise - - | ffmpeg ...`` runs like one program.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import check_channels
from dap_stream.errors import InputError, OutputError, SettingError
from dap_stream.io.formats import FileFormat
from dap_stream.io.pcm import Codes, Storage, from_codes
from dap_stream.io.wav_header import WaveHeader, read_wave_header, wave_header

# Encoding -> subtype of a file with the same samples.
_SUBTYPES = {
    "u8": "PCM_U8",
    "s16le": "PCM_16",
    "s24le": "PCM_24",
    "s32le": "PCM_32",
    "f32le": "FLOAT",
    "f64le": "DOUBLE",
}
_WIDTHS = {"u8": 1, "s16le": 2, "s24le": 3, "s32le": 4, "f32le": 4, "f64le": 8}

_MAX_DIGITS = 9  # of a rate or a count


class ByteReader(Protocol):
    """The part of a binary file that is needed to read."""

    def read(self, size: int, /) -> bytes | None: ...


class ByteWriter(Protocol):
    """The part of a binary file that is needed to write."""

    def write(self, data: memoryview, /) -> int | None: ...

    def flush(self) -> None: ...


@dataclass(frozen=True)
class PipeFormat:
    """How samples stand in a stream: interleaved ``encoding``, after a WAV header or raw."""

    encoding: str
    sample_rate: int
    channels: int
    is_wave: bool = True

    @classmethod
    def parse(cls, text: str) -> PipeFormat:
        """Raw samples, as ``ENCODING:RATE:CHANNELS``.

        >>> PipeFormat.parse("f32le:48000:2").channels
        2
        """
        encoding, _, rest = text.partition(":")
        rate, _, channels = rest.partition(":")
        if encoding not in _SUBTYPES or not all(
            number.isdecimal() and len(number) <= _MAX_DIGITS for number in (rate, channels)
        ):
            raise SettingError(
                f"raw={text!r} must be ENCODING:RATE:CHANNELS like f32le:48000:2; "
                f"encodings: {' '.join(_SUBTYPES)}"
            )
        if int(rate) < 1 or not 1 <= int(channels) <= 1024:
            raise SettingError(f"raw={text!r} must have a rate of 1 Hz or more and 1..1024 channels")
        return cls(encoding, int(rate), int(channels), is_wave=False)

    @classmethod
    def from_file(cls, file_format: FileFormat) -> PipeFormat:
        """The WAV stream that loses nothing of such a file; float for lossy codecs."""
        bits = file_format.bits
        if bits is None:
            encoding = "f64le" if file_format.subtype == "DOUBLE" else "f32le"
        else:
            words = ((8, "u8"), (16, "s16le"), (24, "s24le"), (32, "s32le"))
            encoding = next(name for limit, name in words if bits <= limit)
        return cls(encoding, file_format.sample_rate, file_format.channels)

    def as_file(self) -> FileFormat:
        """A WAV file with the same samples."""
        return FileFormat("WAV", _SUBTYPES[self.encoding], self.sample_rate, self.channels)

    @property
    def width(self) -> int:
        """Bytes of one sample of all channels."""
        return _WIDTHS[self.encoding] * self.channels


class PipeSource:
    """Reads a stream; building it waits for the WAV header, or takes ``raw`` as the format.

    `n_samples` is None unless the header tells the length.
    """

    def __init__(
        self, stream: ByteReader, raw: PipeFormat | None = None, name: str = "standard input"
    ) -> None:
        self.name = name
        # read1 returns what has arrived, where read waits for all that was asked for.
        self._read_some = getattr(stream, "read1", stream.read)
        self._n_bytes: int | None = None  # of all samples, if known
        if raw is None:
            header = read_wave_header(self._read_exactly, name)
            self._n_bytes = header.n_bytes
            raw = PipeFormat(header.encoding, header.sample_rate, header.channels)
        self.format = raw
        self.sample_rate = self.format.sample_rate
        self.channels = self.format.channels
        self.n_samples = None if self._n_bytes is None else self._n_bytes // self.format.width
        self._n_read = 0  # bytes of samples so far
        self._rest = b""  # the begin of a sample whose end has not come yet
        self._is_at_end = False

    def read(self, n_samples: int) -> Audio:
        """Samples that have arrived, 1 to ``n_samples``: ``[channels, n]``, C-contiguous."""
        width = self.format.width
        data = self._rest
        while len(data) < width and not self._is_at_end:
            data += self._next(n_samples * width - len(data))
        n_whole = len(data) // width * width
        self._rest = data[n_whole:]
        if n_whole == 0:
            self._check_end()
        return _decode(data[:n_whole], self.format)

    def _next(self, size: int) -> bytes:
        if self._n_bytes is not None:
            size = min(size, self._n_bytes - self._n_read)
        data = self._receive(size) if size else b""
        self._is_at_end = not data
        self._n_read += len(data)
        return data

    def _check_end(self) -> None:
        if self._n_read < self.format.width:
            raise InputError(f"{self.name}: holds no samples; check the program that sends them")
        if self._n_bytes is not None and self._n_read < self._n_bytes:
            per_second = self.format.width * self.sample_rate
            raise InputError(
                f"{self.name}: truncated: {self._n_read / per_second:.3f} s of "
                f"{self._n_bytes / per_second:.3f} s came; check the program that sends them"
            )
        if self._rest and self._n_bytes is None:
            raise InputError(
                f"{self.name}: ends within a sample of {self.format.width} bytes; check encoding and channels"
            )
        # A program that still sends chunks after the samples shall not find its pipe closed.
        while self._n_bytes is not None and self._receive(65536):
            pass

    def _receive(self, size: int) -> bytes:
        try:
            return self._read_some(size) or b""
        except OSError as error:
            raise InputError(
                f"{self.name}: cannot be read ({error.strerror}); check the program that sends it"
            ) from error

    def _read_exactly(self, size: int) -> bytes:
        parts = []
        while size > 0 and (part := self._receive(min(size, 2**20))):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def __enter__(self) -> PipeSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass  # the stream belongs to who opened it


class PipeSink:
    """Writes a stream and passes on each buffer at once. What is gone is gone: nothing can be undone.

    A reader that closes the pipe early ends the run with an OutputError. The length goes into the
    WAV header if ``n_samples`` is given, a placeholder (0xFFFFFFFF, as ffmpeg does) otherwise.
    """

    def __init__(
        self,
        stream: ByteWriter,
        pipe_format: PipeFormat,
        n_samples: int | None = None,
        name: str = "standard output",
    ) -> None:
        self.name = name
        self.format = pipe_format
        bits = pipe_format.as_file().bits
        self._storage = Storage(bits, np.float64 if pipe_format.encoding == "f64le" else np.float32)
        self._stream = stream
        n_bytes = None if n_samples is None else n_samples * pipe_format.width
        self._header = b""  # what still has to go before the first sample
        if pipe_format.is_wave:
            layout = (pipe_format.encoding, pipe_format.sample_rate, pipe_format.channels)
            self._header = wave_header(WaveHeader(*layout, n_bytes))
        self._n_pad = n_bytes % 2 if n_bytes is not None and pipe_format.is_wave else 0

    @property
    def clipped(self) -> int:
        """Samples that were beyond full scale of an integer format, so far."""
        return self._storage.clipped

    def write(self, audio: Audio) -> Audio:
        """Send ``[channels, n]``; return the values as sent."""
        check_channels(audio, self.format.channels)
        codes, stored = self._storage.store(audio)
        self._send(self._header + _encode(codes, self.format))
        self._header = b""
        return stored

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                # An unbuffered pipe may take only a part at a time.
                view = view[self._stream.write(view) or 0 :]
            self._stream.flush()
        except BrokenPipeError as error:
            raise OutputError(
                f"{self.name}: the program that reads it has ended; what came before was sent"
            ) from error
        except OSError as error:
            raise OutputError(
                f"{self.name}: writing failed ({error.strerror}); free some space or write a file"
            ) from error

    def finish(self) -> None:
        """Send the header if there were no samples, and the padding that WAV asks for."""
        self._send(self._header + bytes(self._n_pad))
        self._header, self._n_pad = b"", 0

    def commit(self) -> None:
        """All was sent; nothing else to do."""
        self.finish()

    def __enter__(self) -> PipeSink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def standard_input() -> io.RawIOBase:
    """Standard input without a buffer, so that reading returns what is there; InputError if it is closed."""
    try:
        return io.FileIO(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError("standard input is closed; pipe audio into it, or name a file") from error


def standard_output() -> io.RawIOBase:
    """Standard output without a buffer: nothing is left to fail at the end; OutputError if it is closed."""
    try:
        return io.FileIO(sys.stdout.fileno(), "wb", closefd=False)
    except (OSError, ValueError, AttributeError) as error:
        raise OutputError("standard output is closed; pipe it on, or name a file with -o") from error


def _decode(data: bytes, pipe_format: PipeFormat) -> Audio:
    """Interleaved bytes -> ``[channels, n]``, float64 for s32le and f64le."""
    encoding = pipe_format.encoding
    audio: Audio
    if encoding in ("f32le", "f64le"):
        audio = np.frombuffer(data, "<f4" if encoding == "f32le" else "<f8")
    elif encoding == "u8":
        audio = from_codes(np.frombuffer(data, np.uint8).astype(np.int32) - 128, 8)
    elif encoding == "s24le":
        words = np.zeros((len(data) // 3, 4), np.uint8)
        words[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        audio = from_codes(words.reshape(-1).view("<i4") >> 8, 24)
    else:
        bits = 16 if encoding == "s16le" else 32
        audio = from_codes(np.frombuffer(data, f"<i{bits // 8}").astype(np.int32), bits)
    # Always a fresh array of the machine's own byte order, never a view of the bytes received.
    dtype = np.float64 if audio.dtype.itemsize == 8 else np.float32
    return np.array(audio.reshape(-1, pipe_format.channels).T, dtype=dtype, order="C")


def _encode(codes: Codes, pipe_format: PipeFormat) -> bytes:
    """Codes ``[channels, n]`` with the word in the upper bits, or floats -> interleaved bytes."""
    interleaved = np.ascontiguousarray(codes.T)
    encoding = pipe_format.encoding
    if encoding == "u8":
        return ((interleaved >> 8) + 128).astype(np.uint8).tobytes()
    if encoding == "s24le":
        words = interleaved.astype("<i4", copy=False).view(np.uint8).reshape(-1, 4)
        return words[:, 1:].tobytes()
    return interleaved.astype(interleaved.dtype.newbyteorder("<"), copy=False).tobytes()
