"""`dap-stream live` as a process of its own, on sound servers without a card."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from recordings import FAST, read, write
from servers import Server, jack_server, needs_package

from dap_stream.cli.main import main

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "dap_stream", "live"]
PATIENCE_S = 120.0  # only until something must have happened
SYSTEM = ("--input", "system", "--output", "system")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jack_server(tmp_path_factory.mktemp("jack"), f"dapcli{os.getpid()}") as running:
        yield running


def environment(server: Server) -> dict[str, str]:
    return {**server.env, "PYTHONPATH": str(ROOT)}


def run(server: Server, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *argv]
    return subprocess.run(
        command, env=environment(server), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def said(result: subprocess.CompletedProcess[str]) -> str:
    """Our lines; PortAudio and JACK write some of their own."""
    return "\n".join(line for line in result.stderr.splitlines() if line.startswith("dap-stream: "))


class Process:
    """A command that runs, and its lines as they come."""

    def __init__(self, server: Server, *argv: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *argv, *FAST], env=environment(server), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._out: str | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)

    def until(self, pattern: str) -> str:
        """The next line with it."""
        while not re.search(pattern, line := self._lines.get(timeout=PATIENCE_S)):
            pass
        return line

    def end(self) -> str:
        """Standard output."""
        self.process.wait(PATIENCE_S)
        self._reader.join()
        if self._out is None:
            assert self.process.stdout is not None
            self._out = self.process.stdout.read()
        return self._out


@contextlib.contextmanager
def running(server: Server, *argv: str) -> Iterator[Process]:
    it = Process(server, *argv)
    try:
        yield it
    finally:
        it.process.kill()
        it.end()
        it.process.__exit__(None, None, None)  # closes the pipes


# ---------------------------------------------------------------- devices


def test_devices_are_listed(server: Server) -> None:
    table, as_json = run(server, "--list-devices"), run(server, "--list-devices", "--json")
    known = json.loads(as_json.stdout)
    (device,) = (entry for entry in known if entry["name"] == "system")
    assert (device["inputs"], device["outputs"], device["sample_rate"]) == (2, 2, 48000)
    head, *lines, marks = table.stdout.splitlines()
    assert head.split() == ["no", "name", "host", "API", "in", "out", "rate"]
    row = [str(device["index"]), "system", *device["host_api"].split(), "2", "2", "48000"]
    assert len(lines) == len(known) and row in [line.strip("<> ").split() for line in lines]
    assert sum(line.startswith("<") for line in lines) == 1 and marks == "< default input, > default output"


def test_a_run_on_devices(server: Server) -> None:
    options = ["--duration", "0.5", "--json", "--record", "r.wav", "--channels", "2", *FAST]
    result = run(server, *SYSTEM, *options)
    report = json.loads(result.stdout)
    assert result.returncode == 0 and result.stdout.count("\n") == 1
    assert report["input"] == report["output"] == "system [JACK Audio Connection Kit]"
    assert (report["sample_rate"], report["block_size"], report["channels"]) == (48000, 256, 2)
    assert report["counts"]["blocks"] * 256 == report["counts"]["n_samples"] > 0
    assert report["latency"]["processor"] + report["latency"]["margin"] < report["latency"]["total"]
    dry, heard = read(Path("r_dry.wav")), read(Path("r.wav"))
    expected = report["counts"]["n_samples"] - report["latency"]["processor"] - report["latency"]["margin"]
    assert dry.shape == heard.shape == (2, expected)
    assert re.search(r"48000 Hz, 2 channels, blocks of 256; latency \d+ samples", said(result))


def test_a_run_as_a_jack_client(server: Server) -> None:
    needs_package("jack")
    result = run(server, "--jack", "dap", "--duration", "0.5", "--json", *FAST)
    report = json.loads(result.stdout)
    assert result.returncode == 0 and report["input"] == "JACK dap:in_*" and report["counts"]["blocks"] > 0


@pytest.mark.parametrize(
    ("argv", "status", "text"),
    [
        (["--input", "nothing"], 1, "there is no input device 'nothing': choose one of 0 "),
        (["--output", "7"], 1, "there is no output device '7': choose one of 0 "),
        (["--rate", "44100"], 1, "cannot open "),
        (["--channels", "3"], 2, "--channels 3: "),
        (["--jack", "dap", "--rate", "44100"], 2, "JACK runs at 48000 Hz"),
    ],
)
def test_what_the_server_does_not_have(server: Server, argv: list[str], status: int, text: str) -> None:
    result = run(server, *([] if "--jack" in argv else SYSTEM), *argv, "--duration", "0.5", *FAST)
    assert result.returncode == status and text in said(result)
    assert said(result).count("\n") == 0 and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("argv", "status", "text"),
    [
        (["--channels", "0"], 2, "--channels 0 must be in 1..64"),
        (["--rate", "many"], 2, "'many' must be a whole number"),
        (["--margin", "0"], 2, "--margin 0 must be in 1..256"),
        (["--duration", "0"], 2, "--duration 0 must be longer"),
        (["--real-time"], 2, "--real-time is for --simulate"),
        (["--jack", "x", "--input", "y"], 2, "--input does not go with --jack"),
        (["--low-latency", "--window", "8"], 2, "are the same setting"),
        (["--window", "1"], 2, "window_ms=1.0 must be a number in 4..128 ms"),
        (["--wet", "2"], 2, "wet=2.0 must be a number in 0..1"),
        (["--set", "passes=2"], 2, "means nothing live"),
        (["--set", "generator=dcgan"], 2, "cannot work live"),
        (["--preset", "nix"], 2, "preset 'nix' does not exist"),
        (["--profile", "missing.npz"], 1, "cannot read profile missing.npz"),
        (["--save-profile", "a.wav"], 2, "exists and is no profile"),
        (["--record", "t.wav", "--save-profile", "t_dry.wav"], 2, "is one of the recordings"),
        (["--simulate", "a.wav", "b.wav", "--save-profile", "b.wav"], 2, "is one of the recordings"),
        (["--record", "no/r.wav"], 1, "there is no folder"),
        (["--save-profile", "p.npz", "--set", "generator=classical"], 2, "where nothing learns"),
    ],
)
def test_nonsense_is_said_before_a_device_is_touched(
    argv: list[str], status: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path("a.wav"))
    assert main(["live", *argv]) == status
    printed = capsys.readouterr()
    assert text in printed.err and printed.err.count("\n") == 1 and not printed.out


# ---------------------------------------------------------------- how it ends


def test_ctrl_c_is_the_usual_end(server: Server) -> None:
    with running(server, *SYSTEM, "--record", "r.wav") as it:
        it.until("latency")
        wait_for_sound(Path("r.wav"))
        it.process.send_signal(signal.SIGINT)
        out = it.end()
        assert it.process.returncode == 0
    assert re.fullmatch(r"live: 0:0\d\.\d, .* in r\.wav and r_dry\.wav\n", out)
    assert read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape


def test_a_server_that_dies_ends_the_run_with_what_was_recorded(tmp_path: Path) -> None:
    with jack_server(tmp_path, f"dapdie{os.getpid()}") as server:
        with running(server, *SYSTEM, "--record", "r.wav", "--json") as it:
            it.until("latency")
            wait_for_sound(Path("r.wav"))
            server.process.kill()
            error = it.until("dap-stream: error: ")
            report = json.loads(it.end())
            assert it.process.returncode == 1
    assert "system" in error and report["error"] in error
    assert read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
    assert read(Path("r.wav")).shape[1] == round(report["recorded_s"] * 48000) > 0


@pytest.mark.parametrize("ends", [("--jack", "dap"), SYSTEM], ids=["jack", "portaudio"])
def test_a_server_that_comes_back(tmp_path: Path, ends: tuple[str, ...]) -> None:
    """PortAudio hangs on a server that died, and is replaced by another one."""
    needs_package("jack")
    name = f"dapback{os.getpid()}"
    options = [*ends, "--reconnect", "--record", "r.wav", "--json", "--bypass"]
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(jack_server(tmp_path, name))
        it = stack.enter_context(running(first, *options))
        it.until("latency")
        wait_for_sound(Path("r.wav"))
        first.process.kill()
        it.until("waiting for it to come back")
        first.process.wait(PATIENCE_S)
        with jack_server(tmp_path, name):
            assert "the recording has a gap of " in it.until("the device is back")
            wait_for_sound(Path("r.wav"), more_than=Path("r.wav").stat().st_size)
            it.process.send_signal(signal.SIGINT)
            report = json.loads(it.end())
    assert it.process.returncode == 0 and report["reconnects"] == 1 and report["error"] is None
    assert read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
    lost_at_the_start = 2 * (report["latency"]["processor"] + report["latency"]["margin"])
    assert report["counts"]["n_samples"] - lost_at_the_start == round(report["recorded_s"] * 48000)


def wait_for_sound(path: Path, more_than: int = 10_000) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists() or path.stat().st_size <= more_than:
        assert time.monotonic() < end, "it should have recorded by now"
        time.sleep(0.02)
