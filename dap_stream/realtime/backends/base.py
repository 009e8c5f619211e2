"""Base of every device backend: a duplex buffer, a processing thread, a watchdog, start and end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

from dap_stream.errors import DeviceError
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.processing_thread import ProcessingThread
from dap_stream.realtime.watchdog import Latency, Watchdog

PATIENCE_S = 1.0  # for a device, and for a hop, to end

_Own = TypeVar("_Own", bound="DeviceStream")

# What compiled code still reads must not be collected, whatever becomes of the object.
_running: set[DeviceStream] = set()


class DeviceStream(ABC):
    """A stream on a device, from `start` to `close`, or within a ``with`` block.

    Call `check` every half second or sooner.

    Parameters
    ----------
    duplex
        Between the device and the processor.
    name
        Of the device, in messages.
    """

    def __init__(self, duplex: DuplexBuffer, name: str) -> None:
        self.duplex, self._name = duplex, name
        self._processing, self._watchdog = ProcessingThread(duplex), Watchdog(duplex)
        self._is_running = self._is_closed = False

    @property
    @abstractmethod
    def latency(self) -> Latency:
        """All of it, in samples and ms."""

    @abstractmethod
    def _join(self) -> None:
        """Have the device call from now on; DeviceError if it will not."""

    @abstractmethod
    def _look(self) -> None:
        """A DeviceError if the device itself says that it has gone."""

    @abstractmethod
    def _leave(self) -> bool:
        """Have it call no more, and give it back; whether it is certain that it calls no more."""

    def start(self) -> None:
        """Begin anew, from silence and position 0."""
        if self._is_running:
            return
        self.duplex.reset()
        self._processing.start()
        try:
            self._join()
        except DeviceError:
            self._processing.stop()
            raise
        self._is_running = True
        _running.add(self)
        self._watchdog.begin()

    def check(self) -> None:
        """Raise what ended the processing, or a `DeviceError` if the device has gone."""
        self._processing.check()
        if self._is_running:
            self._look()
            self._watchdog.check(self._name)

    def close(self) -> None:
        """End, and give the device back; the latency's worth of sound inside is dropped.

        A second time does nothing.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._leave():
            _running.discard(self)
        self._is_running = False
        self._processing.stop(PATIENCE_S)

    def __enter__(self: _Own) -> _Own:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
