"""What streams on a sound card and on JACK have in common: a link, a worker, a watch, a start and an end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

from dap_stream.errors import DeviceError
from dap_stream.live.link import Link
from dap_stream.live.watch import Latency, Watch
from dap_stream.live.worker import Worker

PATIENCE_S = 1.0  # for a device, and for a hop, to end

_Own = TypeVar("_Own", bound="DeviceStream")

# What compiled code still reads must not be collected, whatever becomes of the object.
_running: set[DeviceStream] = set()


class DeviceStream(ABC):
    """Runs from `start` to `close`, or within a ``with`` block. Call `check` every half second or sooner.

    ``name`` is what the device is called in messages.
    """

    def __init__(self, link: Link, name: str) -> None:
        self.link, self.worker, self._watch, self._name = link, Worker(link), Watch(link), name
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
        self.link.reset()
        self.worker.start()
        try:
            self._join()
        except DeviceError:
            self.worker.stop()
            raise
        self._is_running = True
        _running.add(self)
        self._watch.begin()

    def check(self) -> None:
        """Raise the worker's error, or a `DeviceError` if the device has gone."""
        self.worker.check()
        if self._is_running:
            self._look()
            self._watch.check(self._name)

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
        self.worker.stop(PATIENCE_S)

    def __enter__(self: _Own) -> _Own:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
