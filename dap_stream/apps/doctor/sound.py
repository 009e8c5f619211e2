"""Sound devices and sound servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from dap_stream.apps.doctor.check import OK, WARNING, Finding
from dap_stream.errors import DeviceError


def devices() -> Iterator[Finding]:
    """How many PortAudio finds; without their names, which may be a person's."""
    from dap_stream.realtime.backends.portaudio_devices import devices as all_devices

    try:
        found = all_devices()
    except DeviceError as error:
        yield Finding("sound", "PortAudio", WARNING, str(error), "needed for live on devices only")
        return
    n_in, n_out = (sum(each.channels(kind) > 0 for each in found) for kind in ("input", "output"))
    is_there = bool(n_in and n_out)
    advice = "" if is_there else "plug one in or start the sound server, if you want to run live"
    values = {"inputs": n_in, "outputs": n_out}
    text = f"{n_in} with inputs, {n_out} with outputs"
    yield Finding("sound", "PortAudio", OK if is_there else WARNING, text, advice, values)


def servers() -> Iterator[Finding]:
    """Whether a sound server is there for us. Only its socket is looked for: nothing is started."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    pulse = Path(runtime, "pulse", "native") if runtime else None
    pipewire = Path(runtime, os.environ.get("PIPEWIRE_REMOTE", "pipewire-0")) if runtime else None
    for name, path in (("PulseAudio", pulse), ("PipeWire", pipewire)):
        is_there = path is not None and path.is_socket()
        text = "its socket is there" if is_there else "not running for this user"
        yield Finding("sound", name, OK, text, values={"reachable": is_there})
    if find_spec("jack") is None:
        text = "not asked: the extra jack is not installed"
        yield Finding("sound", "JACK", OK, text, values={"reachable": None})
        return
    from dap_stream.realtime.backends.jack import jack_format

    try:
        rate, period = jack_format(os.environ.get("JACK_DEFAULT_SERVER"))
    except (DeviceError, OSError) as error:
        yield Finding("sound", "JACK", OK, f"not running ({error})", values={"reachable": False})
        return
    yield Finding("sound", "JACK", OK, f"{rate} Hz, periods of {period}", values={"reachable": True})
