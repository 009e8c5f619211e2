"""A 10 s item through a warm bridge, beside the command that starts anew for it.

    python -m bench.bridge [--runs 5]

The time of a request is that from writing it to having read its answer; ``total_s`` of the answer is what the
job itself took, so that the difference is what the bridge adds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench import results
from dap_stream.apps.bridge.client.dap_stream_client import Bridge

SECONDS, RATE = 10.0, 48000
WAYS = {
    "default": {},
    "quality=fast": {"quality": "fast"},
    "generator=classical": {"generator": "classical"},
}
COMMAND = [sys.executable, "-m", "dap_stream"]
HOST_LOOKS_S = 0.01  # a host that waits for a result file looks so often


def write_item(path: Path) -> None:
    """A tone that comes and goes, in noise."""
    rng = np.random.default_rng(0)
    at = np.arange(round(SECONDS * RATE)) / RATE
    tone = 0.25 * np.sin(2 * np.pi * 440 * at) * (np.sin(2 * np.pi * 1.7 * at) > 0)
    soundfile.write(path, tone + 0.05 * rng.standard_normal(len(at)), RATE, "PCM_24")


def timed(work: Callable[[], float]) -> tuple[float, float]:
    """Seconds of a piece of work, and what it returns."""
    began = time.perf_counter()
    inner = work()
    return time.perf_counter() - began, inner


def cold(folder: Path, settings: dict[str, str]) -> float:
    assignments = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    command = [*COMMAND, "denoise", "item.wav", "-o", "cold.wav", "--force", "--json", *assignments]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return float(json.loads(told)["total_s"])


def warm(bridge: Bridge, settings: dict[str, str]) -> float:
    return float(bridge.clean("item.wav", "warm.wav", force=True, settings=settings)["total_s"])


def watched(folder: Path, settings: dict[str, str]) -> float:
    """The same through job and result files."""
    params: dict[str, Any] = {"input": "item.wav", "output": "w.wav", "force": True, "settings": settings}
    result = folder / "a.result.json"
    result.unlink(missing_ok=True)
    (folder / "a.tmp").write_text(json.dumps({"protocol": 1, "method": "clean", "params": params}))
    (folder / "a.tmp").rename(folder / "a.job.json")
    while not result.exists():
        time.sleep(HOST_LOOKS_S)
    return float(json.loads(result.read_text())["result"]["total_s"])


def measure(folder: Path, n_runs: int) -> list[list[str]]:
    rows = []
    options = [*COMMAND, "bridge", "--watch", str(folder)]
    with (
        Bridge.start(COMMAND, folders=[str(folder)]) as bridge,
        subprocess.Popen(options, stderr=subprocess.DEVNULL) as watcher,
    ):
        while not (folder / "bridge.json").exists():
            time.sleep(HOST_LOOKS_S)
        for name, settings in WAYS.items():
            ways: dict[str, Callable[[], float]] = {
                "command": lambda settings=settings: cold(folder, settings),  # type: ignore[misc]
                "bridge, pipes": lambda settings=settings: warm(bridge, settings),  # type: ignore[misc]
                "bridge, watched folder": lambda settings=settings: watched(folder, settings),  # type: ignore[misc]
            }
            for way, work in ways.items():
                taken = [timed(work) for _ in range(n_runs)]
                added = [wall_s - inner_s for wall_s, inner_s in taken]
                whole_s = statistics.median(wall_s for wall_s, _ in taken)
                figures = (whole_s, statistics.median(added), max(added))
                rows.append([f"{name}: {way}", *(results.number(each, 3) for each in figures)])
                print(*rows[-1], flush=True)
        watcher.terminate()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bridge", description="Warm beside cold.")
    parser.add_argument("--runs", type=int, default=5, help="of each (default 5)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_item(folder / "item.wav")
        rows = measure(folder, args.runs)
    header = ("10 s at 48 kHz, mono", "all in all, s", "added to the job itself: median, s", "most, s")
    text = (
        f"Medians of {args.runs} runs. The first is the command that starts anew for each item.\n\n"
        f"{results.table(header, rows)}"
    )
    if args.runs >= 5:
        results.write_section("bridge", "A warm bridge", text)


if __name__ == "__main__":
    main()
