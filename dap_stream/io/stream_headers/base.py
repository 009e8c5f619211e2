"""The parts that all headers of streams have in common: their fields, and reading without going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dap_stream.errors import InputError
from dap_stream.io.container_headers import is_unknown_size
from dap_stream.io.sample_encoding import ENCODINGS

_SKIP_BYTES = 65536  # held at a time of what is not wanted
_MAX_BYTES = 2**48  # of samples: what is beyond is no size
_MAX_CHANNELS = 1024


class StreamHeader(NamedTuple):
    """Header of a stream; ``n_bytes`` of samples follow, None means until the end.

    ``valid_bits`` and ``channel_layout`` are those of `FileFormat`.
    """

    encoding: str
    sample_rate: int
    channels: int
    n_bytes: int | None
    valid_bits: int | None = None
    channel_layout: bytes = b""


class HeaderReader:
    """Reads a header front to back; its errors name the stream.

    ``read(n)`` gives n bytes, fewer at the end.
    """

    def __init__(self, read: Callable[[int], bytes], name: str) -> None:
        self._read = read
        self.name = name

    def exactly(self, size: int) -> bytes:
        """The next ``size`` bytes, a few; InputError if the stream ends before."""
        data = self._read(size)
        if len(data) < size:
            raise InputError(f"{self.name}: ends in its header; check the program that sends it")
        return data

    def skip(self, size: int) -> None:
        """Pass over any number of bytes in bounded memory."""
        while size > 0:
            size -= len(self.exactly(min(size, _SKIP_BYTES)))

    def body(self, size: int, wanted: int) -> bytes:
        """The first ``wanted`` bytes of a chunk of ``size``; the others are passed over."""
        data = self.exactly(min(size, wanted))
        self.skip(size - len(data))
        return data

    def broken(self, what: str) -> InputError:
        """For a header that makes no sense."""
        return InputError(f"{self.name}: has a broken header ({what}); check the program that sends it")

    def header(
        self,
        kind: str,
        encoding: str | None,
        sample_rate: float,
        channels: int,
        n_bytes: int | None,
        valid_bits: int | None = None,
        channel_layout: bytes = b"",
    ) -> StreamHeader:
        """The header that was found; InputError if it cannot be read. ``kind`` is said then."""
        if encoding is None:
            raise InputError(
                f"{self.name}: {kind} cannot be read from a pipe; "
                "send 8, 16, 24 or 32 bit PCM, or 32 or 64 bit float"
            )
        if not 1 <= channels <= _MAX_CHANNELS or not 1 <= sample_rate < 2**31:
            raise self.broken(f"{channels} channels at {sample_rate:.9g} Hz")
        found = ENCODINGS[encoding]
        if found.kind == "f" or not 0 < (valid_bits or 0) < 8 * found.width:
            valid_bits = None
        return StreamHeader(encoding, round(sample_rate), channels, n_bytes, valid_bits, channel_layout)


def known_size(size: int) -> int | None:
    """A size of 32 bits; None if it says *until the end*."""
    return None if is_unknown_size(size) else size


def known_long_size(size: int) -> int | None:
    """A size of 64 bits; None if it is a placeholder, or no size that can be."""
    return size if 0 < size <= _MAX_BYTES else None
