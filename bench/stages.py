"""Where the time goes, and how much of the machine's arithmetic the network reaches.

    python -m bench.stages --audio PATH [--minutes 10] [--sample-rates 16000 48000]

The command in this process, with a clock around each stage; learning and predicting side by side.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from bench import results
from bench.audio import add_audio_argument, audio_folder
from bench.long import write_long
from dap_stream.cli import main as command_line
from dap_stream.core import parallel
from dap_stream.dsp import gain_kernels
from dap_stream.dsp.noise_tracking import NoiseTracker
from dap_stream.dsp.streaming_stft import Analyser, Synthesiser
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.models.context.generator import ContextGenerator
from dap_stream.models.context.receptive_field import Surroundings, receptive_field
from dap_stream.processors.denoise.block_estimator import BlockEstimator

STAGES: tuple[tuple[str, Any, str], ...] = (
    ("learn", ContextGenerator, "learn"),
    ("read", FileSource, "read"),
    ("STFT, both windows", Analyser, "advance"),
    ("noise floor, whitening", BlockEstimator, "_whiten"),
    ("expected power", ContextGenerator, "predict"),
    ("noise psd", NoiseTracker, "advance"),
    ("gain", gain_kernels, "omlsa_gain"),
    ("overlap-add", Synthesiser, "advance"),
    ("write", FileSink, "write"),
)
MATRIX = 1024  # of the product whose speed counts as the machine's
RUNS = 9


def clocked(spent: dict[str, float], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            spent[name] += time.perf_counter() - began

    return timed


@contextlib.contextmanager
def clocks() -> Iterator[dict[str, float]]:
    """Seconds by stage, counted within the block."""
    spent = {name: 0.0 for name, _, _ in STAGES}
    with contextlib.ExitStack() as stack:
        for name, owner, attribute in STAGES:
            timed = clocked(spent, name, getattr(owner, attribute))
            stack.enter_context(mock.patch.object(owner, attribute, timed))
        yield spent


def seconds_by_stage(recording: Path) -> tuple[float, dict[str, float]]:
    """Of one run of the command, and its total."""
    out = str(recording.with_name("out.wav"))
    with clocks() as spent, contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        status = command_line.main(["denoise", str(recording), "-o", out, "--force", "-q"])
        total = time.perf_counter() - began
    if status:
        raise SystemExit("bench: the command failed")
    return total, spent


def median_s(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[2:])


def product_gflops(n_threads: int) -> float:
    """Of a large float32 matrix product on so many threads: what the machine can do."""
    torch.set_num_threads(n_threads)
    a, b = torch.ones(MATRIX, MATRIX), torch.ones(MATRIX, MATRIX)
    return 2 * MATRIX**3 / median_s(lambda: torch.mm(a, b)) / 1e9


def prediction_gflops(n_bins: int, n_threads: int) -> float:
    """Of the compiled prediction, gathering included, on so many threads."""
    frames = np.arange(60, 60 + 200, 2)
    around = Surroundings(np.zeros((60 + 200 + 2, n_bins), np.float32), receptive_field(1))
    generator = ContextGenerator()
    matrices = generator.snapshot().matrices
    weights = sum(weight.size for weight in generator.weights().values() if weight.ndim == 2)
    parts = np.array_split(frames, n_threads)
    taken_s = median_s(lambda: parallel.parallel_map(lambda part: around.predicted(part, matrices), parts))
    return 2 * weights * len(frames) * (n_bins // 2 + 1) / taken_s / 1e9


def body(folder: Path, minutes: float, sample_rates: Sequence[int], scratch: Path) -> str:
    columns = []
    for sample_rate in sample_rates:
        recording = scratch / "in.wav"
        write_long(folder, "long10", recording, sample_rate, minutes)
        seconds_by_stage(recording)  # warms up
        total, spent = seconds_by_stage(recording)
        spent["the rest"] = total - sum(spent.values())
        columns.append({**spent, "together": total})
    header = ["stage", *(f"{rate // 1000} kHz: s" for rate in sample_rates)]
    header += [f"{rate // 1000} kHz: / audio" for rate in sample_rates]
    lines = [
        [
            name,
            *(f"{each[name]:.2f}" for each in columns),
            *(f"{each[name] / 60 / minutes:.5f}" for each in columns),
        ]
        for name in columns[0]
    ]
    speeds = [
        [
            f"{n}",
            f"{product_gflops(n):.0f}",
            *(f"{prediction_gflops(n_bins, n):.0f}" for n_bins in (385, 1153)),
        ]
        for n in sorted({1, parallel.n_cores()})
    ]
    return (
        f"{minutes:g} minutes, two passes, the second run of a warm process; "
        "`learn` includes waiting for the piece that comes next.\n\n"
        + results.table(header, lines)
        + "\nGFLOP/s of the prediction, gathering included, beside those of a matrix product of "
        f"{MATRIX} x {MATRIX} x {MATRIX} (float32):\n\n"
        + results.table(["threads", "matrix product", "at 16 kHz", "at 48 kHz"], speeds)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stages", description="Where the time goes.")
    add_audio_argument(parser)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sample-rates", nargs="+", type=int, default=[16000, 48000], help="Hz")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        text = body(audio_folder(args.audio), args.minutes, args.sample_rates, Path(scratch))
    print(text)
    if args.minutes >= 10:
        results.write_section("stages", "Time by stage", text)


if __name__ == "__main__":
    main()
