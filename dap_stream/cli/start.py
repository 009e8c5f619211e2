"""Where a process begins: what has to be right before anything else is imported or opened."""

from __future__ import annotations

import os
import signal


def main() -> int:
    """The command line, for ``sys.exit``."""
    # Until somebody can tidy up there is nothing to tidy up: Ctrl-C simply ends it, not with a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    hold_standard_places()
    from dap_stream.cli.main import main as run

    return run()


def hold_standard_places() -> None:
    """Open 0, 1 and 2 on nothing where they are closed.

    Otherwise the next file that is opened gets such a number, and with it the texts of all libraries.
    """
    for number in (0, 1, 2):
        if not _is_open(number):
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
