"""A live stream between two virtual cables of PulseAudio: the virtual microphone, headless.

Level only: PulseAudio inserts and drops samples when the machine is busy, and says nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from recordings import FAST, read
from servers import pulse_server

SUPPORT = Path(__file__).parents[2] / "support"
ROOT = SUPPORT.parents[1]


def test_sound_arrives_at_the_right_level(tmp_path: Path) -> None:
    with pulse_server(tmp_path) as server:
        env = {**server.env, "PYTHONPATH": os.pathsep.join((str(ROOT), str(SUPPORT)))}
        command = [sys.executable, str(SUPPORT / "live_pulse_probe.py"), str(tmp_path)]
        run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    seen = json.loads(run.stdout)
    # The processor halves: half as loud if nothing was late, and never louder than the dry sound.
    assert -6.1 < seen["level_db"] < (-5.9 if seen["late"] == 0 else 0.1)
    assert seen["same"] > 1000, "and it is that very sound"
    assert seen["peak_in"] == pytest.approx(0.3, abs=0.01)
    assert seen["latency_ms"] > 50


def test_a_server_that_comes_back(tmp_path: Path) -> None:
    """Closing a device of a dead pulseaudio never ends; the stream begins again nevertheless."""
    record = tmp_path / "r.wav"
    options = ["--input", "pulse", "--output", "pulse", "--reconnect", "--record", str(record), "--json"]
    with pulse_server(tmp_path) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "dap_stream", "live", *options, *FAST],
            env={**server.env, "PYTHONPATH": str(ROOT)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            size = wait_until_longer(record, 10_000)
            server.process.kill()
            server.process.wait()
            with pulse_server(tmp_path):
                wait_until_longer(record, size + 100_000)
                process.terminate()
                report = json.loads(process.communicate(timeout=60)[0])
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 143 and report["reconnects"] == 1 and report["error"] is None
    assert read(record).shape == read(tmp_path / "r_dry.wav").shape


def wait_until_longer(path: Path, n_bytes: int) -> int:
    end = time.monotonic() + 60.0
    while not path.exists() or path.stat().st_size <= n_bytes:
        assert time.monotonic() < end, "it should have recorded by now"
        time.sleep(0.02)
    return path.stat().st_size
