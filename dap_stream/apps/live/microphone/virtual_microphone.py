"""The clean microphone: up, down, and what there is of it.

Programs take their sound from a virtual source. It repeats what a virtual sink is given, and that is the
clean sound of a live stream from the real microphone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from dap_stream.apps.live.launch import Ended, run_devices
from dap_stream.apps.live.microphone import pactl, place
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.held_signals import held_back
from dap_stream.errors import DeviceError

_PULSE = "pulse"  # the ALSA device that reaches either server
_PATIENCE_S = 90.0  # the first run on a machine compiles
_LOOK_S = 0.1
_ERROR = "dap-stream: error: "


def run(settings: LiveSettings, wanted: str | None) -> Ended:
    """Be the clean microphone of the real one ``wanted`` until it is ended; nothing is left after that."""
    pactl.pactl("info")
    source = pactl.find_source(wanted)
    with place.taken(source):
        pactl.unload()  # of one that was killed
        try:
            pactl.load()
            os.environ |= {"PULSE_SOURCE": source, "PULSE_SINK": pactl.SINK}
            # One channel all the way: servers differ in how loud two are as one.
            ends = replace(settings, source=_PULSE, target=_PULSE, sample_rate=pactl.RATE, outputs=1)
            return run_devices(ends)
        finally:
            with held_back(), suppress(DeviceError):  # the server may be the reason why we end
                pactl.unload()


def start(words: Sequence[str]) -> str:
    """Have it run in the background, with these options of ``up``; its latency, once it runs."""
    if place.running() is not None:
        raise place.is_up_already()
    log = place.log_path()
    command = [sys.executable, "-m", "dap_stream", "microphone", "up", "--foreground", *words]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    try:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            said = log.read_text(encoding="utf-8", errors="replace")
            latency = re.search(r"; latency \d+ samples, (\S+ ms)", said)
            if latency is not None:
                return latency[1]
            if process.poll() is not None:
                errors = [line.removeprefix(_ERROR) for line in said.splitlines() if line.startswith(_ERROR)]
                raise DeviceError(errors[-1] if errors else f"the clean microphone has ended; see {log}")
            time.sleep(_LOOK_S)
        raise DeviceError(f"the clean microphone did not begin within {_PATIENCE_S:g} s; see {log}")
    except BaseException:
        process.terminate()
        process.wait()
        raise


def stop() -> str:
    """End it, and remove what one that was killed has left; a sentence on that."""
    now = place.running()
    if now is not None:
        place.end(now)
        with suppress(DeviceError):  # without a server there is nothing left
            pactl.unload()
        return "the clean microphone is down"
    n_left = pactl.unload()
    return "what a clean microphone had left is removed" if n_left else "there was no clean microphone"


def status() -> str | None:
    """A line on the one that is up; None if there is none."""
    now = place.running()
    if now is None:
        return None
    ends = f"{now.source} -> {pactl.DESCRIPTION} ({pactl.SOURCE})"
    return f"{ends}, process {now.pid}, texts in {place.log_path()}"
