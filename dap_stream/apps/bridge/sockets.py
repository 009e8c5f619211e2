"""Several clients over a Unix domain socket of the user's own, or over loopback TCP with a token."""

from __future__ import annotations

import os
import socket
import stat
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dap_stream.apps.bridge.clients import Client
from dap_stream.apps.bridge.dispatcher import Dispatcher
from dap_stream.apps.bridge.lines import lines
from dap_stream.apps.bridge.protocol import MAX_CLIENTS, BridgeError, encode, failure
from dap_stream.errors import OutputError, SettingError

SEND_S = 10  # a client that does not read for so long has gone
MAX_SOCKET_BYTES = 107  # of a path, as systems have it
_LOOPBACK = "127.0.0.1"


@contextmanager
def unix_socket(path: str) -> Iterator[socket.socket]:
    """A socket that only its user can connect to, removed at the end; who comes early waits for `serving`."""
    if not hasattr(socket, "AF_UNIX"):
        raise SettingError("--socket needs Unix domain sockets, which this system lacks; use --tcp")
    if len(os.fsencode(path)) > MAX_SOCKET_BYTES:
        raise SettingError(f"--socket {path}: has more than {MAX_SOCKET_BYTES} bytes; choose a shorter path")
    _make_free(path)
    with socket.socket(socket.AF_UNIX) as listener:
        before = os.umask(0o177)  # it never is open to others, not for a moment
        try:
            listener.bind(path)
        except OSError as error:
            raise OutputError(
                f"{path}: no socket can be made ({error.strerror}); choose another path"
            ) from error
        finally:
            os.umask(before)
        made = os.lstat(path)
        try:
            listener.listen()
            yield listener
        finally:
            with suppress(OSError):
                if os.path.samestat(os.lstat(path), made):
                    os.unlink(path)


def _make_free(path: str) -> None:
    """Remove the socket of a bridge that was killed; OutputError if it lives, or is no socket."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise OutputError(f"{path}: exists and is no socket; choose another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError as error:
            raise OutputError(f"{path}: exists already ({error.strerror}); choose another path") from error
    raise OutputError(f"{path}: a bridge serves there already; use that, or choose another path")


@contextmanager
def tcp_socket(port: int) -> Iterator[socket.socket]:
    """A port that only this machine can reach; 0 is any that is free."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, port))
            listener.listen()
        except OSError as error:
            raise OutputError(
                f"port {port} of {_LOOPBACK} cannot be used ({error.strerror}); choose another, or 0 for any"
            ) from error
        yield listener


@contextmanager
def serving(dispatcher: Dispatcher, listener: socket.socket, token: str | None) -> Iterator[None]:
    """Accept clients in a thread, each with a thread of its own, until the block is left.

    With a ``token`` they have to say it before anything else.
    """
    room = threading.BoundedSemaphore(MAX_CLIENTS)
    open_ones: set[socket.socket] = set()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed: it is over
                return
            if not room.acquire(blocking=False):
                with connection, suppress(OSError):
                    text = f"{MAX_CLIENTS} clients are connected already; close one"
                    connection.sendall(encode(failure(None, BridgeError("busy", text))))
                continue
            open_ones.add(connection)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        try:
            with connection:
                _serve(dispatcher, connection, token)
        finally:
            open_ones.discard(connection)
            room.release()

    threading.Thread(target=accept, name="dap_stream clients", daemon=True).start()
    try:
        yield
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        for connection in tuple(open_ones):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)


def _serve(dispatcher: Dispatcher, connection: socket.socket, token: str | None) -> None:
    """One client from its first line to its last; its jobs do not outlive it."""
    with suppress(OSError, struct.error):  # where it cannot be said, a client that does not read holds us up
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_S, 0))
    client = Client(lambda message: connection.sendall(encode(message)), token)
    try:
        for line in lines(connection.recv):
            dispatcher.take_line(client, line)
            if client.is_gone or not client.is_trusted:  # no second try at a token
                return
    except OSError:
        pass
    finally:
        dispatcher.jobs.drop(client)
