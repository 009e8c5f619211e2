"""A file in the place of a sound device: the same callback, rings and processing, without PortAudio."""

from __future__ import annotations

import threading
import time

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.core.streams import Sink, Source
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.processing_thread import ProcessingThread
from dap_stream.realtime.watchdog import Latency


class FileDevice:
    """Gives blocks of ``source`` to ``duplex`` and what comes back to ``sink``, aligned to the input.

    The latency is taken out and fed with zeros at the end, so that as many samples come out as went in:
    all of the source, or ``n_most``.
    """

    def __init__(self, duplex: DuplexBuffer, source: Source, sink: Sink, n_most: int | None = None) -> None:
        self._duplex, self._source, self._sink, self._n_most = duplex, source, sink, n_most
        self._n_read = self._n_played = 0
        self.is_finished = self._is_ended = False

    def end(self) -> None:
        """The input ends here."""
        self._is_ended = True

    def block(self) -> None:
        """One block in, one block out."""
        n = self._duplex.block_size
        source = self._read(n)
        target = np.empty_like(source)
        self._duplex.exchange(source, target)
        begin = max(0, self._duplex.latency - self._n_played)
        end = self._n_read + self._duplex.latency - self._n_played if self._is_ended else n
        self._n_played += n
        piece = target[:, begin : min(end, n)]
        if piece.shape[1]:
            self._sink.write(piece)
        self.is_finished = self._is_ended and self._n_played >= self._n_read + self._duplex.latency

    def _read(self, n: int) -> F32:
        """The next block of the file; zeros behind its end."""
        block = np.zeros((self._duplex.channels, n), np.float32)
        filled = 0
        while filled < n and not self._is_ended:
            n_more = n - filled if self._n_most is None else min(n - filled, self._n_most - self._n_read)
            audio = self._source.read(n_more) if n_more else block[:, :0]
            if audio.shape[1] == 0:
                self._is_ended = True
            block[:, filled : filled + audio.shape[1]] = audio
            filled += audio.shape[1]
            self._n_read += audio.shape[1]
        return block


class FileStream:
    """The file as a stream of its own thread.

    ``is_real_time``: at the pace of a device, beside a processing thread, so that lateness is real. Otherwise
    as fast as it goes: each block is processed before the next one comes, so that timing plays no part.
    """

    def __init__(
        self, duplex: DuplexBuffer, source: Source, sink: Sink, is_real_time: bool, n_most: int | None
    ) -> None:
        self.duplex = duplex
        self._processing = ProcessingThread(duplex) if is_real_time else None
        self._device = FileDevice(duplex, source, sink, n_most)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="dap_stream device", daemon=True)

    @property
    def latency(self) -> Latency:
        """There is no device to add any."""
        return Latency(self.duplex.processor.latency, self.duplex.margin, 0, 0, self.duplex.sample_rate)

    @property
    def is_finished(self) -> bool:
        """Whether the file has been played to its end."""
        return self._device.is_finished

    def _run(self) -> None:
        period, due = self.duplex.block_size / self.duplex.sample_rate, time.monotonic()
        try:
            while not self._device.is_finished:
                self._device.block()
                if self._processing is None:
                    while self.duplex.work():
                        pass
                else:
                    due += period
                    time.sleep(max(0.0, due - time.monotonic()))
        except BaseException as error:  # noqa: BLE001  handed on by check(): a thread has no caller
            self._error = error

    def start(self) -> None:
        """Begin, from silence and position 0."""
        self.duplex.reset()
        if self._processing is not None:
            self._processing.start()
        self._thread.start()

    def check(self) -> None:
        """Raise what went wrong in either thread."""
        if self._processing is not None:
            self._processing.check()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """The input ends here; what is still inside is played first. What goes wrong shows in `check`."""
        self._device.end()
        if self._thread.ident is not None:
            self._thread.join()
        if self._processing is not None:
            self._processing.stop()
