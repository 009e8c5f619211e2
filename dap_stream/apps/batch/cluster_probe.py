"""Whether there is a Ray cluster at an address: asked by another process.

Ray itself waits for minutes where somebody else listens, and then ends the process that asked.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

from dap_stream.errors import DapStreamError, SettingError

AUTO = "auto"
KNOCK_S = 5.0  # for a connection
ANSWER_S = 20.0  # for Ray to be loaded, and to answer
_HEALTH_CHECK = ("-m", "ray.scripts.scripts", "health-check", "--skip-version-check", "--address")


def check_cluster(address: str) -> None:
    """SettingError if ``address`` cannot be one, DapStreamError if no Ray cluster answers there."""
    if address != AUTO:
        _knock(address)
    process = subprocess.Popen(
        [sys.executable, *_HEALTH_CHECK, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
    )
    try:
        status = process.wait(ANSWER_S)
    except subprocess.TimeoutExpired:
        status = -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
    if status != 0:
        raise not_there(address)


def _knock(address: str) -> None:
    """Whether anybody listens there: known in a moment."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdecimal() or "/" in host:
        raise SettingError(f"--cluster {address} must be auto, or HOST:PORT as ray start says it")

    async def knock() -> None:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), KNOCK_S)
        writer.close()
        await writer.wait_closed()

    try:
        asyncio.run(knock())
    except (OSError, OverflowError, asyncio.TimeoutError) as error:
        raise not_there(address) from error


def not_there(address: str) -> DapStreamError:
    """The error of an address where there is no cluster."""
    where = "on this machine" if address == AUTO else f"at {address}"
    return DapStreamError(
        f"there is no Ray cluster {where}; start one: ray start --head, or check the address"
    )
