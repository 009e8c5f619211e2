"""Sound servers without a sound card, each with its own name, folders and pid, gone after the test."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from dap_stream.core import kernel_cache

RATE = 48000
KERNELS = {"NUMBA_CACHE_DIR": str(kernel_cache.folder())}  # not compiled once more in each new home

# Two virtual cables, float, without rewinds, which lose and repeat samples unflagged.
PULSE = """
load-module module-native-protocol-unix
load-module module-null-sink sink_name=mic norewinds=1 format=float32le rate=48000 channels=1
load-module module-null-sink sink_name=clean norewinds=1 format=float32le rate=48000 channels=1
set-default-sink clean
set-default-source mic.monitor
"""


@dataclass(frozen=True)
class Server:
    """A running one; ``env`` is what its clients have to be started with."""

    process: subprocess.Popen[bytes]
    name: str
    env: dict[str, str]
    log: Path


def needs(*programs: str) -> None:
    """Skip the test, and say why, if one of them is missing."""
    for name in programs:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def needs_package(name: str) -> None:
    """Skip the test if it is not installed, or the library that it loads is not."""
    try:
        importlib.import_module(name)
    except (ImportError, OSError) as error:
        pytest.skip(f"{name} cannot be used: {error}")


@contextmanager
def jack_server(folder: Path, name: str = "", period: int = 256, channels: int = 2) -> Iterator[Server]:
    """jackd with the dummy driver.

    In synchronous mode it waits for its clients, so that a busy machine makes time longer instead of losing
    periods of the probes.
    """
    needs("jackd", "jack_wait")
    name = name or f"dap{os.getpid()}"
    env = {**os.environ, "JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": name}
    options = ["--no-realtime", "--no-mlock", "--sync", "-t", "5000", "-n", name]
    driver = ["-d", "dummy", "-r", str(RATE), "-p", str(period), "-C", str(channels), "-P", str(channels)]
    command = ["jackd", *options, *driver]

    def is_up() -> bool:
        return _succeeds(["jack_wait", "-s", name, "-c"], env, said=b"running")

    with _running(command, name, env, folder) as server:
        _wait(server, is_up)
        try:
            yield server
        finally:
            if server.process.poll() == -signal.SIGKILL:
                # It keeps its place among the eight there are; another of its name gives it back.
                with _running(command, name, env, folder) as heir:
                    _wait(heir, is_up)
                for left in Path("/dev/shm").glob(f"jack_*{name}_*"):
                    left.unlink(missing_ok=True)


@contextmanager
def pulse_server(folder: Path) -> Iterator[Server]:
    """pulseaudio with the sinks ``mic`` and ``clean``; play to the first, record from ``clean.monitor``."""
    needs("pulseaudio", "pactl", "paplay", "parecord")
    home, runtime = folder / "home", folder / "run"
    home.mkdir(exist_ok=True)  # a server that comes back has its folders
    runtime.mkdir(mode=0o700, exist_ok=True)
    (folder / "pulse.conf").write_text(PULSE)
    env = {**os.environ, **KERNELS, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}
    env.pop("PULSE_SERVER", None)
    options = ["-n", "-F", str(folder / "pulse.conf"), "--exit-idle-time=-1", "--daemonize=no"]
    command = ["pulseaudio", *options, "--use-pid-file=no"]
    with _running(command, "pulse", env, folder) as server:
        _wait(server, lambda: _succeeds(["pactl", "info"], env))
        yield server


@contextmanager
def pipewire_server(folder: Path) -> Iterator[Server]:
    """PipeWire with pipewire-pulse, and the sinks of `pulse_server`."""
    needs("pipewire", "pipewire-pulse", "wireplumber", "dbus-daemon", "pactl", "paplay", "parecord")
    home, runtime = folder / "home", folder / "run"
    home.mkdir()
    runtime.mkdir(mode=0o700)
    bus = runtime / "bus"
    env = {
        **os.environ,
        **KERNELS,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={bus}",
    }
    env.pop("PULSE_SERVER", None)
    with ExitStack() as stack:

        def start(*command: str) -> Server:
            return stack.enter_context(_running(list(command), command[0], env, folder))

        daemon = start("dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address=unix:path={bus}")
        _wait(daemon, bus.exists)
        pipewire = start("pipewire")
        _wait(pipewire, (runtime / "pipewire-0").exists)
        start("wireplumber")
        pulse = start("pipewire-pulse")
        _wait(pulse, lambda: _succeeds(["pactl", "info"], env))
        for line in PULSE.splitlines()[2:]:  # again until there is somebody who keeps defaults
            _wait(pulse, partial(_succeeds, ["pactl", *line.split()], env))
        yield pulse


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose words go to ``log``, gone after the block."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _running(command: list[str], name: str, env: dict[str, str], folder: Path) -> Iterator[Server]:
    log = folder / f"{name}.log"
    with running(command, env, log) as process:
        yield Server(process, name, env, log)


def _succeeds(command: list[str], env: dict[str, str], said: bytes | None = None) -> bool:
    run = subprocess.run(command, env=env, capture_output=True, timeout=20, check=False)
    return run.returncode == 0 and said in (None, run.stdout.strip())


def _wait(server: Server, is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_ready():
        if server.process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"{server.name} does not start: {server.log.read_text(errors='replace')[-500:]}")
        time.sleep(0.1)
