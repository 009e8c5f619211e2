"""How the cost grows: with length, channels and cores; and how long the first sound takes.

    python -m bench.scale --audio PATH [--minutes 10 30 60 240] [--channels 1 2 4 8]

The whole command at 48 kHz, each run a process of its own, as in bench.speed.
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
from bench.audio import add_audio_argument, audio_folder
from bench.speed import Cost, child, write_recording

SAMPLE_RATE = 48000
LONGEST_MADE = 60.0  # minutes; what is longer repeats it
CHANNEL_MINUTES = 10.0
STEP_S = 0.005  # between two looks at whether there is sound yet
BUFFER = 1 << 16
DENOISE = ("-m", "dap_stream", "denoise")


def spread_out(mono: Path, out: Path, channels: int, times: int) -> None:
    """`mono` repeated, on several channels that are each a second later than the one before."""
    with soundfile.SoundFile(out, "w", SAMPLE_RATE, channels, "PCM_16", format="WAV") as file:
        for _ in range(times):
            before = np.zeros((channels - 1) * SAMPLE_RATE, np.int16)
            for newest in soundfile.blocks(mono, BUFFER, dtype="int16"):
                known = np.concatenate((before, newest))
                begins = [len(before) - channel * SAMPLE_RATE for channel in range(channels)]
                file.write(np.stack([known[begin : begin + len(newest)] for begin in begins], axis=1))
                before = known[len(newest) :]


def cost(recording: Path, *options: str, cores: int | None = None) -> Cost:
    """Of the whole command on so many cores, or on all."""
    allowed = os.sched_getaffinity(0)
    try:
        if cores is not None:
            os.sched_setaffinity(0, sorted(allowed)[:cores])  # a child inherits it
        out = str(recording.with_name("out.wav"))
        return child([*DENOISE, str(recording), "-o", out, "--force", *options])
    finally:
        os.sched_setaffinity(0, allowed)


def first_sound_s(recording: Path) -> float:
    """From the command to the first samples in the file that is being written, in a single pass."""
    folder = recording.with_name("first")
    folder.mkdir()
    arguments = [*DENOISE, str(recording), "-o", str(folder / "out.wav"), "--passes", "1"]
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stderr=subprocess.DEVNULL) as process:
        try:
            while not any(path.stat().st_size > BUFFER for path in folder.glob(".*")):
                if process.poll() is not None:
                    raise SystemExit("bench: the command ended before there was any sound")
                time.sleep(STEP_S)
            return time.perf_counter() - began
        finally:
            process.terminate()


def line(what: str, taken: Cost, minutes: float) -> list[str]:
    return [
        what,
        f"{taken.wall_s:.1f}",
        f"{taken.wall_s / (60 * minutes):.4f}",
        f"{taken.cpu_s / (60 * minutes):.4f}",
        f"{taken.peak_bytes / 1e6:.0f}",
    ]


def measure(folder: Path, lengths: Sequence[float], channels: Sequence[int], scratch: Path) -> str:
    mono, made = scratch / "mono.wav", scratch / "made.wav"
    write_recording(folder, mono, 1.0, SAMPLE_RATE)
    cost(mono)  # warms up the disk's and numba's caches
    lines = []

    def add(what: str, taken: Cost, minutes: float) -> None:
        lines.append(line(what, taken, minutes))
        print(*lines[-1], sep="\t", flush=True)

    os.environ["NUMBA_CACHE_DIR"] = str(scratch / "empty")
    first_ever = cost(mono)
    del os.environ["NUMBA_CACHE_DIR"]
    usual = cost(mono)
    for minutes in lengths:
        write_recording(folder, mono, min(minutes, LONGEST_MADE), SAMPLE_RATE)
        recording = mono
        if minutes > LONGEST_MADE:
            spread_out(mono, made, 1, round(minutes / LONGEST_MADE))
            recording = made
        add(f"mono, {minutes:g} minutes", cost(recording), minutes)
        if minutes == LONGEST_MADE:
            add(f"mono, {minutes:g} minutes, one core", cost(recording, cores=1), minutes)
            starts = sorted(first_sound_s_of_three(recording))
        made.unlink(missing_ok=True)
    write_recording(folder, mono, CHANNEL_MINUTES, SAMPLE_RATE)
    for count in channels:
        spread_out(mono, made, count, 1)
        add(f"{count} channels, {CHANNEL_MINUTES:g} minutes", cost(made), CHANNEL_MINUTES)
    table = results.table(
        ["recording", "wall time, s", "/ audio", "CPU time / audio", "peak memory, MB"], lines
    )
    return (
        f"The whole command, two passes, {SAMPLE_RATE} Hz, one run each.\n\n{table}\n"
        f"From the command to the first sound in the file of {LONGEST_MADE:g} minutes, single pass: "
        f"{starts[1]:.1f} s ({starts[0]:.1f}-{starts[2]:.1f}).\n\n"
        f"One minute takes {usual.wall_s:.1f} s, and {first_ever.wall_s:.1f} s on a machine that has no "
        "compiled kernels yet.\n"
    )


def first_sound_s_of_three(recording: Path) -> list[float]:
    found = []
    for _ in range(3):
        found.append(first_sound_s(recording))
        folder = recording.with_name("first")
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="How the cost grows.")
    add_audio_argument(parser)
    parser.add_argument("--minutes", nargs="+", type=float, default=[10.0, 30.0, 60.0, 240.0])
    parser.add_argument("--channels", nargs="+", type=int, default=[1, 2, 4, 8])
    args = parser.parse_args()
    if LONGEST_MADE not in args.minutes:
        raise SystemExit(f"bench: --minutes must include {LONGEST_MADE:g}")
    with tempfile.TemporaryDirectory() as scratch:
        text = measure(audio_folder(args.audio), args.minutes, args.channels, Path(scratch))
    print(text)
    if set(args.minutes) >= {10.0, 60.0, 240.0} and set(args.channels) >= {1, 2, 8}:
        results.write_section("scale", "Scale", text)


if __name__ == "__main__":
    main()
