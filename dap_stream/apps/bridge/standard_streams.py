"""Requests on standard input, answers on standard output: a host that starts the bridge for itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.dispatcher import Dispatcher
from dap_stream.apps.bridge.lines import lines
from dap_stream.apps.bridge.protocol import Message, encode


@contextmanager
def reserved_output() -> Iterator[int]:
    """A descriptor of standard output for protocol lines alone.

    Within the block all else that is written to standard output, by whatever library, goes to standard error.
    """
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield kept
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def standard_streams(dispatcher: Dispatcher, output: int) -> Iterator[None]:
    """Serve the one who holds the other ends. When it closes one of them the bridge has ended.

    A host that is killed leaves closed pipes behind: the jobs that it asked for are cancelled then.
    """

    def send(message: Message) -> None:
        try:
            _write(output, encode(message))
        except OSError:
            dispatcher.ended.set()
            raise

    client = Client(send)

    def read() -> None:
        try:
            for line in lines(lambda n: os.read(0, n)):
                dispatcher.take_line(client, line)
        except OSError:
            pass  # nothing can come from there any more
        dispatcher.jobs.drop(client)
        dispatcher.ended.set()

    threading.Thread(target=read, name="dap_stream standard input", daemon=True).start()
    yield


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
