"""Sends this process a signal at one of its renames and links; Python imports it where it is on the path.

``DAP_STREAM_TEST_SIGNAL=NUMBER:CALL:N``: before that one of N calls, from 0; N: behind the last.
``DAP_STREAM_TEST_CALLS`` is a file that gets a line for each call.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

_wanted = os.environ.get("DAP_STREAM_TEST_SIGNAL", "")
_log = os.environ.get("DAP_STREAM_TEST_CALLS")
_n_calls = 0


def _hooked(call: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(source: Any, target: Any, **options: Any) -> None:
        global _n_calls
        if not str(target).startswith(os.getcwd()):  # of somebody's cache
            call(source, target, **options)
            return
        number, at, n_all = (int(each) for each in _wanted.split(":")) if _wanted else (0, -1, -1)
        if _n_calls == at:
            signal.raise_signal(number)
        _n_calls += 1
        if _log is not None:
            with open(_log, "a") as file:
                file.write(f"{call.__name__}\n")
        call(source, target, **options)
        if _n_calls == at == n_all:
            signal.raise_signal(number)

    return hooked


if _wanted or _log:
    os.replace, os.link = _hooked(os.replace), _hooked(os.link)
