"""Whoever talks to the bridge: where answers go, and whether it is still there."""

from __future__ import annotations

import threading
from collections.abc import Callable

from dap_stream.apps.bridge.protocol import Message


class Client:
    """One client; any thread may send to it.

    Parameters
    ----------
    send
        Passes one message on; OSError says that nobody is there any more.
    token
        It has to say this in ``hello`` before anything else; None: it is trusted.
    """

    def __init__(self, send: Callable[[Message], None], token: str | None = None) -> None:
        self._send, self.token = send, token
        self.is_trusted = token is None
        self._sending = threading.Lock()
        self._gone = threading.Event()

    def send(self, message: Message) -> None:
        """Pass it on, if the client is there; messages never mix."""
        with self._sending:
            if self._gone.is_set():
                return
            try:
                self._send(message)
            except OSError:
                self._gone.set()

    def leave(self) -> None:
        """It has gone: its jobs are cancelled at their next step."""
        self._gone.set()

    @property
    def is_gone(self) -> bool:
        """Whether nobody would get an answer."""
        return self._gone.is_set()
