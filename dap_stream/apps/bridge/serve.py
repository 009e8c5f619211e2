"""The bridge from its start to its end, on the way in that was chosen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dap_stream.apps.bridge.folders import Folders

if TYPE_CHECKING:
    from dap_stream.apps.bridge.dispatcher import Dispatcher

IDLE_POLL_S = 0.5
LOOK_S = 0.05  # shares do not tell of changes, so one has to look

Look: TypeAlias = Callable[[], None]
Serve: TypeAlias = "Callable[[Dispatcher], AbstractContextManager[Look | None]]"
"""Serves as long as the block lasts; gives what has to be called again and again, if anything has."""


@dataclass(frozen=True)
class BridgeSettings:
    """Way in, folders and limits of a bridge; at most one of ``watch``, ``socket_path`` and ``tcp_port``.

    Parameters
    ----------
    folders
        All that requests may name; relative paths count from the first.
    watch
        A folder of job files.
    socket_path
        Of a Unix domain socket.
    tcp_port
        On the loopback interface; 0 is any.
    token_file
        Where the token for TCP goes.
    n_jobs
        At once.
    idle_s
        End after so long without a job; None: never.
    """

    folders: Folders
    watch: str | None = None
    socket_path: str | None = None
    tcp_port: int | None = None
    token_file: str | None = None
    n_jobs: int = 1
    idle_s: float | None = None

    @property
    def is_for_one_host(self) -> bool:
        """Whether standard input and output are the way in."""
        return self.watch is None and self.socket_path is None and self.tcp_port is None


def run_bridge(settings: BridgeSettings, say: Callable[[str], None]) -> None:
    """Serve until somebody ends it: a request, a host that goes away, a signal, or nothing to do for long.

    Parameters
    ----------
    settings
        The way in and the rest.
    say
        Takes a line for whoever looks after the bridge.
    """
    with ExitStack() as stack:
        # First, before time is spent, whatever may stand in the way; who comes early waits.
        serve = _way_in(settings, stack, say)
        # These bring in all that a job needs.
        from dap_stream.apps.bridge.dispatcher import Dispatcher
        from dap_stream.apps.bridge.jobs import Jobs
        from dap_stream.apps.bridge.scratch import Scratch
        from dap_stream.apps.bridge.warm_up import warm_up

        warm_up()
        scratch = Scratch(settings.watch)
        stack.callback(scratch.remove)
        jobs = Jobs(settings.n_jobs, lambda text: print(text, end="", file=sys.stderr))
        dispatcher = Dispatcher(settings.folders, jobs, scratch)
        with serve(dispatcher) as look:
            say(f"bridge is ready for {', '.join(settings.folders.roots)}")
            try:
                _wait(settings, dispatcher, look)
            finally:
                # Here, where there still is a way out for the answers.
                if not jobs.stop():
                    say("warning: a job did not end in time; it writes nothing any more")


def _wait(settings: BridgeSettings, dispatcher: Dispatcher, look: Look | None) -> None:
    while not dispatcher.ended.wait(IDLE_POLL_S if look is None else LOOK_S):
        if look is not None:
            look()
        if settings.idle_s is not None and dispatcher.jobs.idle_s > settings.idle_s:
            return


def _way_in(settings: BridgeSettings, stack: ExitStack, say: Callable[[str], None]) -> Serve:
    """Open the way in, closed by ``stack``, and say how to serve there."""
    if settings.watch is not None:
        from dap_stream.apps.bridge.folder_claim import claimed

        folder = Path(settings.watch)
        stack.enter_context(claimed(folder))
        return lambda dispatcher: _watching(folder, dispatcher, say)
    if settings.is_for_one_host:
        from dap_stream.apps.bridge.standard_streams import reserved_output, standard_streams

        output = stack.enter_context(reserved_output())
        return lambda dispatcher: standard_streams(dispatcher, output)

    from dap_stream.apps.bridge.sockets import serving, tcp_socket, unix_socket

    if settings.socket_path is not None:
        listener = stack.enter_context(unix_socket(settings.socket_path))
        return lambda dispatcher: serving(dispatcher, listener, None)

    from dap_stream.apps.bridge.token_file import token_file

    assert settings.tcp_port is not None and settings.token_file is not None
    listener = stack.enter_context(tcp_socket(settings.tcp_port))
    token = stack.enter_context(token_file(settings.token_file))
    say(f"listening on {listener.getsockname()[0]}:{listener.getsockname()[1]}")
    return lambda dispatcher: serving(dispatcher, listener, token)


@contextmanager
def _watching(folder: Path, dispatcher: Dispatcher, say: Callable[[str], None]) -> Iterator[Look]:
    from dap_stream.apps.bridge.folder_claim import beating
    from dap_stream.apps.bridge.scratch import remove_scratch_of_killed
    from dap_stream.apps.bridge.watched_folder import WatchedFolder

    remove_scratch_of_killed(str(folder))
    watched = WatchedFolder(folder, dispatcher, say)
    watched.take_up_again()
    with beating(folder, dispatcher.folders.roots):
        yield watched.look
