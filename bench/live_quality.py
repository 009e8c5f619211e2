"""How good the live stream is: every mix played twice, the second run scored, and the first seconds.

    python -m bench.live_quality --audio PATH [--jobs 2]

The stream is simulated with the fit inline, so that nothing depends on timing. Beside it stands a file in a
single pass, which looks seconds ahead, and the classical filter, which looks nowhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench import audio, results
from bench.metrics import estoi, pesq_wb, si_sdr_db
from bench.processes import run
from dap_stream.core.parallel import n_cores

Audio = NDArray[np.float32]
FIRST_S = 2.0  # of a stream that knows nothing yet


def file_in_one_pass(noisy: Audio, sample_rate: int, generator: str = "band") -> Audio:
    import dap_stream

    return np.asarray(dap_stream.denoise(noisy, sample_rate, passes=1, generator=generator), np.float32)


def classical(noisy: Audio, sample_rate: int) -> Audio:
    return file_in_one_pass(noisy, sample_rate, "classical")


def live(noisy: Audio, sample_rate: int, lookahead: int, window_ms: float = 32.0) -> Audio:
    from dap_stream.processors.denoise.denoiser import LiveDenoiser
    from dap_stream.processors.denoise.settings import DenoiseSettings

    processor = LiveDenoiser(sample_rate, 1, DenoiseSettings(window_ms=window_ms, lookahead=lookahead))
    out = np.concatenate((processor.process(noisy[None]), processor.flush()), axis=1)
    return np.asarray(out[0, processor.latency :], np.float32)


METHODS: dict[str, Callable[[Audio, int], Audio]] = {
    "noisy": lambda noisy, sample_rate: noisy,
    "classical": classical,
    "live, look-ahead 0": lambda noisy, sample_rate: live(noisy, sample_rate, 0),
    "live, look-ahead 1 (default)": lambda noisy, sample_rate: live(noisy, sample_rate, 1),
    "live, look-ahead 2": lambda noisy, sample_rate: live(noisy, sample_rate, 2),
    "live, window 16 ms": lambda noisy, sample_rate: live(noisy, sample_rate, 1, 16.0),
    "file, single pass": file_in_one_pass,
}


@dataclass(frozen=True)
class Task:
    """One mix through one method."""

    folder: Path
    row: audio.MixRow
    method: str


@dataclass(frozen=True)
class Row:
    """What was measured; NaN where a metric is for speech only."""

    method: str
    group: str
    pesq: float
    estoi: float
    si_sdr: float
    first_estoi: float


def measure(task: Task) -> Row:
    mix = audio.make_mix(task.folder, task.row)
    rate, n = mix.sample_rate, len(mix.noisy)
    twice = np.concatenate((mix.noisy, mix.noisy)).astype(np.float32)
    estimate = METHODS[task.method](twice, rate)
    second, first = estimate[n:], slice(0, round(FIRST_S * rate))
    is_speech = task.row.group == "speech"
    return Row(
        task.method,
        task.row.group,
        pesq_wb(mix.clean, second, rate) if is_speech else np.nan,
        estoi(mix.clean, second, rate) if is_speech else np.nan,
        si_sdr_db(mix.clean, second),
        estoi(mix.clean[first], estimate[first], rate) if is_speech else np.nan,
    )


def mean(rows: list[Row], group: str, name: str, digits: int) -> str:
    return results.number(float(np.mean([getattr(row, name) for row in rows if row.group == group])), digits)


def body(rows: list[Row]) -> str:
    lines = []
    for method in METHODS:
        own = [row for row in rows if row.method == method]
        speech = [
            mean(own, "speech", name, digits) for name, digits in (("pesq", 2), ("estoi", 3), ("si_sdr", 1))
        ]
        others = [mean(own, group, "si_sdr", 1) for group in ("animal", "music")]
        lines.append([method, *speech, mean(own, "speech", "first_estoi", 3), *others])
    header = ["second of two runs of each mix", "speech: PESQ", "ESTOI", "SI-SDR"]
    header += [f"ESTOI of the first {FIRST_S:g} s", "animals: SI-SDR", "instruments: SI-SDR"]
    return results.table(header, lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live_quality", description="Quality, live.")
    audio.add_audio_argument(parser)
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), metavar="NAME")
    parser.add_argument("--only", nargs="+", metavar="ID", help="mixes")
    args = parser.parse_args()
    folder = audio.audio_folder(args.audio)
    rows = [row for row in audio.mix_rows(folder) if not args.only or {row.id, row.group} & set(args.only)]
    tasks = [Task(folder, row, method) for row in rows for method in args.methods]
    text = body(list(run(measure, tasks, args.jobs)))
    print(text)
    if not args.only and len(args.methods) == len(METHODS):
        results.write_section("live-quality", "Quality, live", text, results.METRIC_PACKAGES)


if __name__ == "__main__":
    main()
