"""The deep prior on holes and on missing highs: what it makes there at best, where the rule would stop.

    python -m bench.study_fills --audio PATH [--tasks inpaint] [--generators dcgan] [--only piano]

`dap-stream study --task inpaint` and `--task superres`, with their own holes and limit, on three seconds of a
voice, a piano and a bird, at 16 kHz. A complete run writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from bench import audio, results
from bench.processes import one_thread_context
from bench.results import number, table
from dap_stream.core.parallel import n_cores

SAMPLE_RATE = 16_000
START_S, SECONDS = 1.0, 3.0
RECORDINGS = {"voice": "speech/vctk_p225.flac", "piano": "music/piano.flac", "bird": "animal/blackbird.flac"}
ITERATIONS = {"dcgan": 500, "skip": 300, "decoder": 300}
TASKS = ("inpaint", "superres")


@dataclass(frozen=True)
class Fill:
    """One study: its rows and stops as in its tables."""

    task: str
    generator: str
    recording: str
    rows: list[dict[str, Any]]
    stops: dict[str, dict[str, Any]]

    @property
    def best(self) -> dict[str, Any]:
        return min(self.rows[1:], key=lambda row: row["filled_error_db"])


def measure(work: tuple[Path, str, str, str]) -> Fill:
    """Run the study in a folder that is gone afterwards."""
    from dap_stream.apps.study.run import run_study
    from dap_stream.apps.study.settings import StudySettings

    folder, task, generator, recording = work
    signal = audio.read_mono(folder / RECORDINGS[recording], SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "whole.wav"
        soundfile.write(path, signal, SAMPLE_RATE, "FLOAT")
        iterations = ITERATIONS[generator]
        settings = StudySettings(
            generator, iterations, start_s=START_S, end_s=START_S + SECONDS, task=task, device="cpu"
        )
        result = run_study(path, Path(place) / "study", settings=settings)
    rows = [row.flat(result.task) for row in result.rows]
    stops = {stop.rule: stop.flat(result.task, result.rows) for stop in result.stops}
    return Fill(task, generator, recording, rows, stops)


def run(folder: Path, args: argparse.Namespace) -> Iterator[Fill]:
    work = [
        (folder, task, name, clip) for task in args.tasks for name in args.generators for clip in args.only
    ]
    with one_thread_context().Pool(args.jobs, maxtasksperchild=1) as pool:
        yield from pool.imap(measure, work)


def _figures(fill: Fill) -> list[float]:
    stop = fill.stops["holdout"]
    values = [
        fill.rows[0]["filled_error_db"],
        fill.rows[1]["filled_error_db"],
        fill.best["filled_error_db"],
        stop["filled_error_db"],
        fill.rows[-1]["filled_error_db"],
        stop["made_known_error_db"],
    ]
    return [float("nan") if value is None else float(value) for value in values]


def _cells(fill: Fill) -> list[str]:
    cells = [number(value, 1) for value in _figures(fill)]
    cells[2] += f" ({fill.best['iteration']})"
    cells[3] += f" ({fill.stops['holdout']['iteration'] or 'nowhere'})"
    return cells


def body(fills: Sequence[Fill]) -> str:
    header = ["dB, lower is better", "no network", "after 1 iteration", "best sample (iteration)"]
    header += ["hold-out stop (iteration)", "last", "outside at the stop"]
    parts = []
    for task in dict.fromkeys(fill.task for fill in fills):
        own = [fill for fill in fills if fill.task == task]
        lines = []
        for generator in dict.fromkeys(fill.generator for fill in own):
            same = [fill for fill in own if fill.generator == generator]
            lines += [[f"{generator}, {fill.recording}", *_cells(fill)] for fill in same]
            means = np.mean([_figures(fill) for fill in same], axis=0)
            lines.append([f"{generator}, mean", *(number(float(mean), 1) for mean in means)])
        parts += [f"**{task}**: log-spectral distance of the sound that was made.\n", table(header, lines)]
    iterations = ", ".join(f"{name} {ITERATIONS[name]}" for name in dict.fromkeys(f.generator for f in fills))
    parts.append(
        f"{SECONDS:g} s each, at {SAMPLE_RATE} Hz, three holes of 0.2 s, or nothing above 4000 Hz; "
        f"iterations: {iterations}. *No network* is a straight line across the hole in each bin, or the "
        "level just below the limit held. *Best* is known only with what was taken away. *Outside* is the "
        "image where it was fitted.\n"
    )
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.study_fills", description="Deep priors that fill.")
    audio.add_audio_argument(parser)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--generators", nargs="+", choices=list(ITERATIONS), default=list(ITERATIONS))
    parser.add_argument("--only", nargs="+", choices=list(RECORDINGS), default=list(RECORDINGS))
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    args = parser.parse_args()
    folder = audio.audio_folder(args.audio)
    fills = []
    for fill in run(folder, args):
        fills.append(fill)
        print(f"{fill.task} {fill.generator} {fill.recording}: {_cells(fill)}", file=sys.stderr, flush=True)
    text = body(fills)
    print(text)
    if len(fills) == len(TASKS) * len(ITERATIONS) * len(RECORDINGS):
        results.write_section("study-fills", "Deep priors in holes and above a limit", text)


if __name__ == "__main__":
    main()
