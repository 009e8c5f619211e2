"""A clean microphone on real sound servers without a card: up, heard, killed, down, and nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recordings import FAST, write
from servers import RATE, Server, pipewire_server, pulse_server

from dap_stream.cli.main import main

ROOT = Path(__file__).parents[4]
COMMAND = [sys.executable, "-m", "dap_stream", "microphone"]
SERVERS = {"pulseaudio": pulse_server, "pipewire": pipewire_server}
PATIENCE_S = 120.0


class Machine:
    """A user's machine: the commands, and what the sound server says."""

    def __init__(self, server: Server) -> None:
        self.env = {**server.env, "PYTHONPATH": str(ROOT)}

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(*COMMAND, *words)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    def up(self, *options: str) -> None:
        result = self("up", *FAST, *options)
        assert result.returncode == 0, result.stderr

    def has(self) -> bool:
        """Whether there is anything of ours."""
        return "dap_stream" in "".join(self.run("pactl", "list", "short", kind).stdout for kind in KINDS)

    def pid(self) -> int:
        return int(self("status").stdout.partition("process ")[2].partition(",")[0])

    def kill(self) -> None:
        os.kill(self.pid(), signal.SIGKILL)
        self.until_down()

    def until_down(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while self("status").returncode == 0:
            assert time.monotonic() < until


KINDS = ("modules", "sinks", "sources", "sink-inputs", "source-outputs")


@pytest.fixture(scope="module", params=SERVERS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp(request.param)
    with SERVERS[request.param](folder) as server:
        yield Machine(server)


@pytest.fixture
def machine(running: Machine) -> Iterator[Machine]:
    """As new for each test, however the last one ended."""
    yield running
    if running.has():
        running("down")


def heard(machine: Machine, folder: Path, sound: np.ndarray) -> np.ndarray:
    """The virtual microphone from before until after a loud part of ``sound``, played into the real one."""
    source, result = write(folder / "noisy.wav", sound[None], RATE), folder / "heard.f32"
    options = (
        "--device=dap_stream_microphone",
        f"--rate={RATE}",
        "--channels=1",
        "--format=float32le",
        "--raw",
    )
    record = subprocess.Popen(["parecord", *options, f"--rate={RATE}", str(result)], env=machine.env)
    until = time.monotonic() + PATIENCE_S

    def so_far() -> np.ndarray:
        time.sleep(0.05)
        assert time.monotonic() < until, "it should have been heard by now"
        return np.fromfile(result, np.float32) if result.exists() else np.empty(0, np.float32)

    try:
        while not so_far().size:
            pass
        machine.run("paplay", "--device=mic", str(source))  # of PipeWire it ends before it is heard
        while (np.abs(so_far()) > 0.2).sum() < RATE // 3:
            pass
        time.sleep(0.3)
        return so_far()
    finally:
        record.kill()
        record.wait()


def level_db(audio: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(audio**2)) + 1e-9))


def test_a_tone_in_noise_arrives_without_the_noise_and_nothing_is_left(
    machine: Machine, tmp_path: Path
) -> None:
    time_s = np.arange(4 * RATE) / RATE
    noise = 0.03 * np.random.default_rng(0).standard_normal(len(time_s))
    is_tone = (time_s > 2.8) & (time_s < 3.8)
    machine.up("--reduction", "25", "--low-latency", "--margin", "32")
    pid = machine.pid()
    again = machine("up")
    assert again.returncode == 2 and again.stdout == "" and machine.pid() == pid
    assert again.stderr.endswith("is up already; end it with: dap-stream microphone down\n")

    found = heard(machine, tmp_path, noise + 0.3 * np.sin(2 * np.pi * 440 * time_s) * is_tone)
    size = RATE // 10
    levels = np.array([level_db(piece) for piece in found[: len(found) // size * size].reshape(-1, size)])
    begin = int(np.argmax(levels > -20.0)) * size  # where the tone begins
    tone = found[begin + RATE // 5 : begin + RATE * 4 // 5]
    before = found[begin - RATE // 2 : begin - RATE // 5]
    # A busy server leaves out a period now and then: the usual level counts.
    usual = np.median([level_db(piece) for piece in tone.reshape(-1, RATE // 50)])
    assert usual == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=1.5)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert np.argmax(spectrum) * RATE / len(tone) == pytest.approx(440, abs=20)
    assert -100.0 < level_db(before) < level_db(noise) - 6.0

    assert machine("down").stdout == "the clean microphone is down\n" and not machine.has()
    assert machine("down").stdout == "there was no clean microphone\n"
    status = machine("status")
    assert (status.returncode, status.stdout) == (1, "the clean microphone is not up\n")


def test_the_next_one_removes_what_a_killed_one_left(machine: Machine) -> None:
    machine.up()
    machine.kill()
    assert machine.has()
    machine.up()
    modules = machine.run("pactl", "list", "short", "modules").stdout
    assert modules.count("sink_name=dap_stream_clean") == 1
    machine.kill()
    assert "had left is removed" in machine("down").stdout and not machine.has()


def test_in_the_foreground_it_ends_with_its_signal_and_leaves_nothing(machine: Machine) -> None:
    command = [*COMMAND, "up", "--foreground", *FAST, "--input", "mic.mon"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=machine.env, text=True, stderr=pipe, stdout=pipe) as process:
        try:
            assert process.stderr is not None
            while "latency" not in (line := process.stderr.readline()):
                assert line, "it has ended"
            assert "mic.monitor -> Clean microphone" in machine("status").stdout
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
    assert process.returncode == 143 and not machine.has()


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "is not among"), ("mon", "may be any of mic.monitor, clean.monitor")],
)
def test_a_microphone_that_is_not_there_is_a_line(machine: Machine, name: str, words: str) -> None:
    result = machine("up", *FAST, "--input", name)
    assert result.returncode == 1 and words in result.stderr and result.stderr.count("\n") == 1
    assert not machine.has() and machine("status").returncode == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--reduction", "99"), "reduction_db=99.0 must be"),
        (("--osc", "-5"), "--osc -5 must be"),
        (("--osc-reply", "x:1"), "is of no use without --osc"),
        (("--blocksize", "0"), "a sound server has none"),
        (("--set", "generator=dcgan"), "cannot work live"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_asked(
    options: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["microphone", "up", *options]) == 2
    assert words in capsys.readouterr().err


def test_without_a_server_or_pactl(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    for path, words in ((os.environ["PATH"], "pactl info: "), (str(tmp_path), "needs pactl: apt install")):
        run = subprocess.run(
            [*COMMAND, "up", *FAST], env={**env, "PATH": path}, capture_output=True, text=True, check=False
        )
        assert run.returncode == 1 and words in run.stderr and run.stderr.count("\n") == 1, run.stderr


def is_there(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_a_server_that_dies_ends_it(tmp_path: Path) -> None:
    with pulse_server(tmp_path) as server:
        machine = Machine(server)
        machine.up()
        pid = machine.pid()
        server.process.kill()
        server.process.wait()
        machine.until_down()
        until = time.monotonic() + PATIENCE_S
        while is_there(pid):
            assert time.monotonic() < until
            time.sleep(0.1)
