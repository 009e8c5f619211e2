"""Files in a second of ``dap-stream batch``: number of workers, and a shell loop of single commands.

    python -m bench.batch [--files 24] [--seconds 5] [--workers 1 2]

The recordings are made up: a tone in noise, 16 kHz. Each way is a process with all that belongs to it, from
its start to its last file; the kernels are compiled before.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from bench import results

RATE = 16000
METHOD = ("--quality", "fast")


def write_recordings(folder: Path, n_files: int, seconds: float) -> list[Path]:
    folder.mkdir()
    paths = []
    for i in range(n_files):
        rng = np.random.default_rng(i)
        t = np.arange(round(RATE * seconds)) / RATE
        tone = 0.25 * np.sin(2.0 * np.pi * 440.0 * t) * (np.sin(2.0 * np.pi * 0.7 * t) > 0.0)
        paths.append(folder / f"{i:04d}.wav")
        soundfile.write(paths[-1], tone + 0.05 * rng.standard_normal(len(t)), RATE, "PCM_16")
    return paths


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dap_stream", *arguments], check=True, stdout=subprocess.DEVNULL)


def measure(folder: Path, paths: Sequence[Path], workers: Sequence[int]) -> dict[str, float]:
    """Name of each way -> seconds for all files."""
    run("denoise", str(paths[0]), "-o", str(folder / "warm.wav"), "-q", *METHOD)
    found = {}
    (folder / "loop").mkdir()
    began = time.perf_counter()
    for path in paths:
        run("denoise", str(path), "-o", f"{folder / 'loop'}/", "-q", *METHOD)
    found["shell loop over `dap-stream denoise`"] = time.perf_counter() - began
    (folder / "denoise").mkdir()
    began = time.perf_counter()
    run("denoise", *map(str, paths), "-o", f"{folder / 'denoise'}/", "-q", *METHOD)
    found["one `dap-stream denoise` for all"] = time.perf_counter() - began
    for n in workers:
        began = time.perf_counter()
        out = str(folder / f"batch{n}")
        run("batch", str(paths[0].parent), "-o", out, "--jobs", str(n), "-q", *METHOD)
        found[f"`dap-stream batch`, {n} worker{'s' if n > 1 else ''}"] = time.perf_counter() - began
    began = time.perf_counter()
    run("batch", str(paths[0].parent), "-o", out, "-q", *METHOD)
    found["`dap-stream batch` once more: nothing to do"] = time.perf_counter() - began
    return found


def body(found: dict[str, float], n_files: int, seconds: float, load: float) -> str:
    rows = [
        [name, results.number(wall_s, 1), results.number(n_files / wall_s, 2)]
        for name, wall_s in found.items()
    ]
    note = (
        f"{n_files} recordings of {seconds:g} s at 16 kHz, `--quality fast`; each way once, from the start\n"
        f"of its process to its last file. Load of the machine before: {load:.1f}.\n\n"
    )
    return note + results.table(["way", "seconds", "files per second"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.batch", description="Files in a second.")
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        paths = write_recordings(folder / "in", args.files, args.seconds)
        found = measure(folder, paths, args.workers)
    text = body(found, args.files, args.seconds, load)
    print(text)
    if args.files == parser.get_default("files") and args.workers == parser.get_default("workers"):
        results.write_section("batch", "Many files", text)


if __name__ == "__main__":
    main()
