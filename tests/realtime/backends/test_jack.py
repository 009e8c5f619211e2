"""Live streams on a real sound server: JACK without a card, one server for all tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import Server, jack_server, needs_package

SUPPORT = Path(__file__).parents[2] / "support"
ROOT = SUPPORT.parents[1]
PROBE = [sys.executable, str(SUPPORT / "live_jack_probe.py")]
LATENCY = 300 + 8 * 256 + 64  # of the probe's duplex: processor, margin, fade


def environment(server: Server) -> dict[str, str]:
    """sounddevice looks for servers once, when it is imported: hence processes of their own."""
    return {**server.env, "PYTHONPATH": os.pathsep.join((str(ROOT), str(SUPPORT)))}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needs_package("jack")
    with jack_server(tmp_path_factory.mktemp("jack")) as running:
        yield running


def probe(server: Server, *arguments: object) -> dict[str, Any]:
    command = [*PROBE, *map(str, arguments)]
    run = subprocess.run(
        command, env=environment(server), capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    seen: dict[str, Any] = json.loads(run.stdout)
    return seen


@pytest.mark.parametrize(
    ("kind", "channels", "block_size"),
    [("portaudio", 1, 256), ("portaudio", 2, 0), ("jack", 1, 0), ("jack", 2, 0)],
)
def test_no_sample_is_lost_or_repeated_and_the_latency_is_what_is_reported(
    server, kind, channels, block_size
):
    seen = probe(server, kind, channels, block_size)
    assert seen["finished"] and seen["reference_exact"], "the probe itself missed something"
    assert seen["lag"] == seen["latency_reported"], "measured and reported latency, to the sample"
    assert seen["latency_reported"] == LATENCY + (block_size if kind == "portaudio" else 0)
    # Each sample is exactly the wet one, but those that are counted as late, which lie between wet and dry.
    assert seen["n"] - seen["wet"] <= seen["late"]
    assert seen["between"] == seen["n"]
    if kind == "jack":
        assert seen["in_graph"][1] - seen["in_graph"][0] == LATENCY, "what the graph knows of it"


@pytest.mark.parametrize("kind", ["portaudio", "jack"])
def test_a_server_that_is_killed_is_noticed(tmp_path, kind, server):
    """And the process ends in peace."""
    with jack_server(tmp_path, name=f"{server.name}x") as victim:
        gone = tmp_path / "gone"
        command = [*PROBE, kind, "1", "256", "die", str(gone)]
        with subprocess.Popen(
            command, env=environment(victim), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as client:
            try:
                assert client.stdout is not None and client.stdout.readline().strip() == "ready"
                victim.process.kill()
                victim.process.wait()
                gone.touch()
                out, error = client.communicate(timeout=30)
            finally:
                client.kill()  # does nothing to one that has ended
    assert client.returncode == 0, error[-2000:]
    noticed = json.loads(out)
    assert noticed["seconds"] < 2.0 and "server" in noticed["error"]


def error_of(server: Server, program: str) -> str:
    """Runs it, and gives the last line of what it says before it fails."""
    start = """
from dap_stream.realtime.backends.portaudio_devices import devices
from dap_stream.realtime.backends.jack import JackClient, jack_format
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.backends.portaudio_stream import PortAudioStream
from dap_stream.core.processors import Bypass
"""
    run = subprocess.run(
        [sys.executable, "-c", start + program],
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    lines = run.stderr.splitlines()
    return next(line for line in lines if line.startswith("dap_stream.errors.DeviceError: "))


CARD = "card = next(d for d in devices() if 'JACK' in d.host_api)\n"


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("jack_format('dap_nobody')", "no JACK server 'dap_nobody'"),
        (
            "JackClient(DuplexBuffer(Bypass(), 1, 44100, 256))",
            "JACK runs at 48000 Hz, the processing at 44100 Hz",
        ),
        (
            CARD + "PortAudioStream(DuplexBuffer(Bypass(), 1, 44100, 256), card, card)",
            "own rates are 48000 and 48000 Hz",
        ),
        (
            CARD + "PortAudioStream(DuplexBuffer(Bypass(), 1, 48000, 256), card, card, inputs=9)",
            "9 input channels asked for, 1..2",
        ),
        (
            "c = JackClient(DuplexBuffer(Bypass(), 1, 48000, 256)); c.start(); c.connect('no:a', 'no:b')",
            "cannot connect no:a",
        ),
    ],
    ids=["server", "jack-rate", "portaudio-rate", "channels", "ports"],
)
def test_what_cannot_be_is_told_in_one_line(server, program, text):
    assert text in error_of(server, program)
