"""Whoever changes a live stream from outside of its terminal: the promise, and nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dap_stream.apps.live.live_chain import StreamStatus

METER_S = 0.1  # between two tellings of the meters


class Remote(Protocol):
    """Listens in a thread of its own; the calls below are the session's."""

    def start(self) -> None:
        """Listen from now on. A second time does nothing."""

    def tell(self, now: StreamStatus) -> None:
        """Hand on how the stream does, every `METER_S` at most."""

    def texts(self) -> Sequence[str]:
        """Lines to be shown, new since the last call."""

    def close(self) -> None:
        """Listen no more."""


class NoRemote:
    """The terminal alone."""

    def start(self) -> None:
        """Nothing."""

    def tell(self, now: StreamStatus) -> None:
        """To nobody."""

    def texts(self) -> Sequence[str]:
        """None."""
        return ()

    def close(self) -> None:
        """Nothing."""
