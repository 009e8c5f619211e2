"""A live session on a file from the command line: learning in another process, and how it all ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from recordings import read, sound, write

import dap_stream
from dap_stream.cli.main import main
from dap_stream.io.profile_file import load_profile

PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(dap_stream.__file__).parents[1]))


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


SIMULATE = ("--simulate", "a.wav", "b.wav", "--real-time", "--no-ui", "--json")
WITHOUT_TORCH = """
import sys
from dap_stream.cli.main import main
status = main(sys.argv[1:])
sys.exit(status or ("torch" in sys.modules and 77))
"""


def test_who_processes_does_without_torch() -> None:
    """It is ready sooner, and needs a third of the memory."""
    write(Path("a.wav"), sound(14.0))  # on a busy machine the learning takes a while to begin
    command = [sys.executable, "-c", WITHOUT_TORCH, "live", *SIMULATE]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["history"], "and yet it was learned"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes as Linux shows them")
def test_the_stream_goes_on_when_the_learning_dies() -> None:
    write(Path("a.wav"), sound(4.0))
    command = [sys.executable, "-m", "dap_stream", "live", *SIMULATE, "--save-profile", "p.npz"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        assert any("latency" in line for line in process.stderr)  # behind "getting ready" on a new machine
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGKILL)
        out, error = process.stdout.read(), process.stderr.read()
    assert process.returncode == 1 and "Traceback" not in error
    lines = [line for line in error.splitlines() if "warning" not in line]
    assert (
        "the process that learns has ended (exit status -9" in lines[0] and "the stream goes on" in lines[0]
    )
    assert json.loads(out)["error"] in lines[-1]
    assert read(Path("b.wav")).shape == (1, 64000), "to its end"
    assert not Path("p.npz").exists()


def test_a_file_stopped_half_way_replaces_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("a.wav"), sound(2.0))
    options = ["--no-ui", "--save-profile", "p.npz", "--force", "--record", "r.wav"]
    assert main(["live", "--simulate", "a.wav", "b.wav", *options]) == 0
    before = Path("p.npz").read_bytes()
    write(Path("a.wav"), sound(60.0))
    command = [sys.executable, "-m", "dap_stream", "live", "--simulate", "a.wav", "b.wav", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: Path("r.wav").stat().st_size > 200_000)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert Path("p.npz").read_bytes() == before and load_profile("p.npz").window_ms == 32.0
    assert read(Path("b.wav")).shape == (1, 32000), "the last result stays"
    assert read(Path("r.wav")).shape == read(Path("r_dry.wav")).shape
