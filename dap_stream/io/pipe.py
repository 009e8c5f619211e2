"""Standard input and output, or any other byte stream: samples as they come.

In come WAV, AIFF, AU, CAF and W64 with linear PCM or floats, or raw samples; out go WAV or raw samples.

Reading returns what is there and does not wait for a full buffer; writing passes every buffer on
at once; so ``ffmpeg ... | dap-stream denoise - - | ffmpeg ...`` runs like one program.
"""

from __future__ import annotations

import io
import sys
from types import TracebackType
from typing import Protocol

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import check_channels
from dap_stream.errors import InputError, OutputError
from dap_stream.io.pcm import Storage
from dap_stream.io.pipe_format import PipeFormat
from dap_stream.io.sample_encoding import ENCODINGS, decode, encode, wave_encoding
from dap_stream.io.stream_headers.base import StreamHeader
from dap_stream.io.stream_headers.read import read_stream_header
from dap_stream.io.stream_headers.wave import wave_header


class ByteReader(Protocol):
    """The part of a binary file that is needed to read."""

    def read(self, size: int, /) -> bytes | None: ...


class ByteWriter(Protocol):
    """The part of a binary file that is needed to write."""

    def write(self, data: memoryview, /) -> int | None: ...

    def flush(self) -> None: ...


class PipeSource:
    """Reads a stream; building it waits for the header, or takes ``raw`` as the format.

    `format` is that of a WAV stream with the same values, or ``raw``. `n_samples` is None unless the
    header tells the length.
    """

    def __init__(
        self, stream: ByteReader, raw: PipeFormat | None = None, name: str = "standard input"
    ) -> None:
        self.name = name
        # read1 returns what has arrived, where read waits for all that was asked for.
        self._read_some = getattr(stream, "read1", stream.read)
        self._n_bytes: int | None = None  # of all samples, if known
        if raw is None:
            header = read_stream_header(self._read_exactly, name)
            self._n_bytes = header.n_bytes
            self._encoding = ENCODINGS[header.encoding]
            raw = PipeFormat(
                wave_encoding(header.encoding),
                header.sample_rate,
                header.channels,
                valid_bits=header.valid_bits,
                channel_layout=header.channel_layout,
            )
        else:
            self._encoding = ENCODINGS[raw.encoding]
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
        return decode(data[:n_whole], self._encoding, self.channels)

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
        # The padding to an even size that WAV and AIFF ask for also ends a stream of unknown length.
        is_padding = self.format.is_wave and self._rest == b"\0" and self._n_read % 2 == 0
        if self._rest and self._n_bytes is None and not is_padding:
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
            self._header = wave_header(
                StreamHeader(
                    pipe_format.encoding,
                    pipe_format.sample_rate,
                    pipe_format.channels,
                    n_bytes,
                    pipe_format.valid_bits,
                    pipe_format.channel_layout,
                )
            )
        self._n_pad = n_bytes % 2 if n_bytes is not None and pipe_format.is_wave else 0

    @property
    def clipped(self) -> int:
        """Samples that were beyond full scale of an integer format, so far."""
        return self._storage.clipped

    def write(self, audio: Audio) -> Audio:
        """Send ``[channels, n]``; return the values as sent."""
        check_channels(audio, self.format.channels)
        codes, stored = self._storage.store(audio)
        self._send(self._header + encode(codes, ENCODINGS[self.format.encoding]))
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
