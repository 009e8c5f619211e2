"""Where the streams of a session come from: the promise of all backends, and a file as one."""

from __future__ import annotations

import math
from typing import Protocol

from dap_stream.apps.live.live_chain import Stream
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.stream_format import StreamFormat
from dap_stream.io.file_sink import FileSink
from dap_stream.io.open_audio import AnyFileSource
from dap_stream.realtime.backends.file_device import FileStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer


class Backend(Protocol):
    """Where streams come from, one after the other if a device goes away and comes back."""

    source: str  # for the user
    target: str
    stream: StreamFormat
    block_size: int  # of the duplex buffer
    device_block_size: int  # asked of the device; 0: its choice

    @property
    def is_finished(self) -> bool:
        """Whether there is no more to come: a file that has been played."""

    def open(self, duplex: DuplexBuffer) -> Stream:
        """A stream that is not running yet; DeviceError if the device is not there (any more)."""


class FileBackend:
    """A file in the place of a device, of which ``n_most`` samples are played (None: all)."""

    def __init__(
        self,
        names: tuple[str, str],
        source: AnyFileSource,
        sink: FileSink,
        settings: LiveSettings,
        is_real_time: bool,
        n_most: int | None,
    ) -> None:
        self.source, self.target = names
        self.stream = StreamFormat(source.sample_rate, source.channels)
        self.block_size = settings.block_size or usual_block_size(source.sample_rate)
        self.device_block_size = self.block_size
        self._source, self._sink = source, sink
        self._is_real_time, self._n_most = is_real_time, n_most
        self._opened: FileStream | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the file has been played to its end."""
        return self._opened is not None and self._opened.is_finished

    def open(self, duplex: DuplexBuffer) -> FileStream:
        """Once only: files do not go away."""
        self._opened = FileStream(duplex, self._source, self._sink, self._is_real_time, self._n_most)
        return self._opened

    def check(self) -> None:
        """Raise what went wrong while it was played."""
        if self._opened is not None:
            self._opened.check()


def usual_block_size(sample_rate: int) -> int:
    """A power of two near 5 ms: 256 samples at 44.1 and 48 kHz."""
    return int(2 ** max(5, round(math.log2(sample_rate * 256 / 48000))))
