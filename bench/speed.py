"""Time and peak memory of the whole command, beside the peers, in one run.

    python -m bench.speed --audio PATH [--minutes 1 10 60] [--sample-rates 16000 48000] [--runs 3]

Every measurement is a child process with everything in it: start, imports, reading, denoising, writing. This
process imports nothing large and makes the recordings in children too, for on Linux a child's peak memory
cannot come out below that of the process which started it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import results

MARK = "mixes.tsv"
PEERS = {"noisereduce": "noisereduce", "rnnoise": "RNNoise", "deepfilternet": "DeepFilterNet 3"}
PASSES = (1, 2)
LONG_MINUTES = 10.0  # from here on one run is enough, without a warm-up
# Minutes; what is left out takes long and says nothing new.
LONGEST = {"dap_stream, 1 pass": 10.0, "noisereduce": 10.0, "RNNoise": 10.0, "DeepFilterNet 3": 1.0}
KIB = 1024


@dataclass(frozen=True)
class Job:
    """One command over one recording; `arguments` go to Python, IN and OUT stand for the files."""

    label: str
    arguments: tuple[str, ...]
    minutes: float
    sample_rate: int


@dataclass(frozen=True)
class Cost:
    """What one child process took."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def child(arguments: Sequence[str]) -> Cost:
    """Run `python ARGUMENTS` and account for it alone; if it fails the program ends with its last line."""
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
        if process.returncode != 0:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
            raise SystemExit(f"bench: python {' '.join(arguments)}: status {process.returncode}: {last[0]}")
    unit = 1 if sys.platform == "darwin" else KIB
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def jobs(minutes: Sequence[float], sample_rates: Sequence[int], methods: Sequence[str]) -> list[Job]:
    found = []
    for sample_rate in sample_rates:
        for length in minutes:
            for passes in PASSES if "dap_stream" in methods else ():
                label = f"dap_stream, {passes} pass{'es' if passes > 1 else ''}"
                if length <= LONGEST.get(label, length):
                    own = ("-m", "dap_stream", "denoise", "IN", "-o", "OUT", "--passes", str(passes))
                    found.append(Job(label, own, length, sample_rate))
            for name, label in PEERS.items():
                if name in methods and length <= LONGEST.get(label, length):
                    found.append(Job(label, ("-m", "bench.peers", name, "IN", "OUT"), length, sample_rate))
    return found


def write_recording(folder: Path, out: Path, minutes: float, sample_rate: int) -> None:
    name = "long10" if minutes <= 10 else "long60"
    options = ["--audio", str(folder), "--sample-rate", str(sample_rate), "--minutes", str(minutes)]
    child(["-m", "bench.long", name, str(out), *options])


def run_once(job: Job, recording: Path, scratch: Path) -> Cost:
    out = scratch / "out.wav"
    out.unlink(missing_ok=True)
    names = {"IN": str(recording), "OUT": str(out)}
    return child([names.get(word, word) for word in job.arguments])


def measure(found: Sequence[Job], folder: Path, n_runs: int, scratch: Path) -> dict[Job, list[Cost]]:
    """The costs of each job; jobs over one recording take turns, so that a slow minute hits all of them."""
    costs: dict[Job, list[Cost]] = {job: [] for job in found}
    for minutes, sample_rate in dict.fromkeys((job.minutes, job.sample_rate) for job in found):
        recording = scratch / "in.wav"
        write_recording(folder, recording, minutes, sample_rate)
        group = [job for job in found if (job.minutes, job.sample_rate) == (minutes, sample_rate)]
        is_long = minutes >= LONG_MINUTES
        for run in range(1 if is_long else n_runs + 1):
            for job in group:
                cost = run_once(job, recording, scratch)
                if run > 0 or is_long:  # the first one warms up the disk's and numba's caches
                    costs[job].append(cost)
        for job in group:
            print(*line(job, costs[job]), sep="\t", flush=True)
    return costs


def spread(values: Sequence[float], digits: int) -> str:
    """Median, and the range where there was more than one run."""
    text = f"{statistics.median(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def line(job: Job, costs: Sequence[Cost]) -> list[str]:
    audio_s = job.minutes * 60
    return [
        job.label,
        f"{job.sample_rate // 1000}",
        f"{job.minutes:g}",
        spread([cost.wall_s / audio_s for cost in costs], 4),
        spread([cost.cpu_s / audio_s for cost in costs], 4),
        spread([cost.peak_bytes / 1e6 for cost in costs], 0),
        str(len(costs)),
    ]


def body(costs: dict[Job, list[Cost]]) -> str:
    longest = "; ".join(f"{label} {minutes:g}" for label, minutes in LONGEST.items())
    note = (
        "The whole command in a process of its own, start and imports included, which weigh most at\n"
        f"one minute. Median (min-max) after one run to warm up; from {LONG_MINUTES:g} minutes on a single\n"
        f"run. Longest recording, in minutes: {longest}.\n"
        "The peers hold the whole file, so that their memory grows with the length. At 16 kHz RNNoise and\n"
        "DeepFilterNet 3 include the change of rate to 48 kHz and back.\n\n"
    )
    header = ["command", "kHz", "minutes", "wall time / audio", "CPU time / audio", "peak memory, MB", "runs"]
    return note + results.table(header, [line(job, own) for job, own in costs.items()])


def main() -> None:
    names = ["dap_stream", *PEERS]
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description="Time and memory of the command."
    )
    parser.add_argument("--audio", type=Path, help="folder with mixes.tsv, or set DAP_BENCH_AUDIO")
    parser.add_argument("--minutes", nargs="+", type=float, default=[1.0, 10.0, 60.0])
    parser.add_argument("--sample-rates", nargs="+", type=int, default=[16000, 48000], help="Hz")
    parser.add_argument("--methods", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    folder = args.audio or os.environ.get("DAP_BENCH_AUDIO")
    if not folder or not (Path(folder) / MARK).is_file():
        raise SystemExit(f"bench: no audio folder with {MARK}: give --audio PATH or set DAP_BENCH_AUDIO")
    found = jobs(args.minutes, args.sample_rates, args.methods)
    with tempfile.TemporaryDirectory() as scratch:
        costs = measure(found, Path(folder), args.runs, Path(scratch))
    text = body(costs)
    print(text)
    if set(args.methods) == set(names) and set(args.minutes) >= {1.0, 10.0, 60.0}:
        results.write_section("speed", "Speed", text, results.PEER_PACKAGES)


if __name__ == "__main__":
    main()
