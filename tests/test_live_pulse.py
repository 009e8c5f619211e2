"""A live stream between two virtual cables of PulseAudio: the virtual microphone, headless.

Level only: PulseAudio inserts and drops samples when the machine is busy, and says nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import pulse_server

HERE = Path(__file__).parent


def test_sound_arrives_at_the_right_level(tmp_path: Path) -> None:
    with pulse_server(tmp_path) as server:
        env = {**server.env, "PYTHONPATH": os.pathsep.join((str(HERE.parent), str(HERE)))}
        command = [sys.executable, str(HERE / "live_pulse_probe.py"), str(tmp_path)]
        run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    seen = json.loads(run.stdout)
    # The processor halves: half as loud if nothing was late, and never louder than the dry sound.
    assert -6.1 < seen["level_db"] < (-5.9 if seen["late"] == 0 else 0.1)
    assert seen["same"] > 1000, "and it is that very sound"
    assert seen["peak_in"] == pytest.approx(0.3, abs=0.01)
    assert seen["latency_ms"] > 50
