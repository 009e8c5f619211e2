"""What a warm start buys: quality against compute, weights carried from block to block or begun anew.

    python -m bench.warm_start --audio PATH [--generators context dcgan]

The first minutes of `long10`, in blocks of 4 s; only the last part is scored. *Cold*: each block is
fitted from the first weights on. *Warm*: from those of the block before, all through the recording;
"0 steps" stops learning where the scored part begins. Compute is CPU time spent on fitting, over the
length of the scored part. A complete run writes its section of RESULTS.md and the picture beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bench import audio, results
from bench.long import LONG_SAMPLE_RATE, long_blocks
from bench.metrics import estoi, pesq_wb, si_sdr_db
from bench.processes import run
from bench.results import number, table
from dap_stream.core.parallel import n_cores

NAME = "long10"
BLOCK_S = 4.0
LEAD_S = 16  # of sound before the scored part that a cold start hears too, for its noise psd
SCORED_S = (200, 240)
COLD_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
WARM_STEPS = (0, 1, 2, 4, 8, 16, 32)
STEPS_BEFORE = 8  # of each block before the scored part, where that has none
FIXED = "dcgan, fixed noise"
GENERATORS = ("context", "dcgan", FIXED, "skip", "decoder")
NEAR = 0.005  # of ESTOI: as good as
PICTURE = results.RESULTS.with_name("warm_start.png")


@dataclass(frozen=True)
class Task:
    """One run; `mode` is "cold", "warm", or "plain" for what has no steps."""

    folder: Path
    generator: str
    mode: str
    steps: int


@dataclass(frozen=True)
class Point:
    """What came out; `compute` is fitting time over audio time."""

    generator: str
    mode: str
    steps: int
    compute: float
    scores: Mapping[str, float]


class Measured:
    """A generator that takes the steps of the bench, cold or warm, and notes the time that they cost.

    Compute is that of the whole process, for other threads do the work.
    """

    def __init__(self, generator: Any, task: Task, n_warm_blocks: int) -> None:
        self._generator, self._task, self._n_warm = generator, task, n_warm_blocks
        self.name, self.before, self.after = generator.name, generator.before, generator.after
        self.seconds, self._n_blocks = 0.0, 0

    def validate(self, block: Any) -> float:
        return 0.0  # each block gets the same steps

    def trust(self, loss: float) -> float:
        return 1.0

    def learn(self, block: Any, n_steps: int, rate: float = 1.0) -> None:
        is_scored = self._n_blocks >= self._n_warm
        self._n_blocks += 1
        steps = self._task.steps if is_scored or self._task.steps else STEPS_BEFORE
        began = time.process_time()
        if self._task.mode == "cold":
            self._generator.reset()
        self._generator.learn(block, steps)
        if is_scored:
            self.seconds += time.process_time() - began

    def predict(self, block: Any) -> Any:
        return self._generator.predict(block)

    def weights(self) -> Any:
        return self._generator.weights()

    def load(self, weights: Any) -> None:
        self._generator.load(weights)

    def reset(self) -> None:
        self._generator.reset()
        self.seconds, self._n_blocks = 0.0, 0


def signals(folder: Path, start_s: int) -> tuple[Any, Any]:
    """Speech and mixture `[n_samples]` from `start_s` to the end of the scored part."""
    n_blocks = -(-SCORED_S[1] // 10)
    span = slice(start_s * LONG_SAMPLE_RATE, SCORED_S[1] * LONG_SAMPLE_RATE)
    parts = [
        np.concatenate(list(islice(long_blocks(folder, NAME, track), n_blocks)))[span]
        for track in ("speech", "mix")
    ]
    return parts[0].astype(np.float32), parts[1].astype(np.float32)


def scores(speech: Any, estimate: Any) -> dict[str, float]:
    last = slice(-(SCORED_S[1] - SCORED_S[0]) * LONG_SAMPLE_RATE, None)
    pair = speech[last], estimate[last], LONG_SAMPLE_RATE
    return {"PESQ": pesq_wb(*pair), "ESTOI": estoi(*pair), "SI-SDR": si_sdr_db(*pair)}


def measure(task: Task) -> Point:
    """Make the sound, clean it, compare."""
    from dap_stream import Denoiser, DenoiseSettings, denoise
    from dap_stream.models.deep.generator import ARCHITECTURES, DeepGenerator
    from dap_stream.models.registry import make_generator
    from dap_stream.processors.denoise.model import DenoiseModel

    start_s = SCORED_S[0] - LEAD_S if task.mode == "cold" else 0
    speech, mix = signals(task.folder, start_s)
    if task.mode == "plain":
        if task.generator == "noisy":
            return Point(task.generator, task.mode, 0, 0.0, scores(speech, mix))
        passes = 2 if task.generator == "context, 2 passes" else 1
        name = task.generator.partition(",")[0]
        out = denoise(mix, LONG_SAMPLE_RATE, generator=name, passes=passes, device="cpu")
        return Point(task.generator, task.mode, 0, 0.0, scores(speech, out))
    name = "dcgan" if task.generator == FIXED else task.generator
    settings = DenoiseSettings(generator=name, passes=1, block_s=BLOCK_S, device="cpu")
    architecture = ARCHITECTURES.get(name)
    # Deep priors go on with their weights here even where the denoiser would not: that is the question.
    generator = (
        make_generator(name, settings.seed, settings.device, settings.lookahead)
        if architecture is None
        else DeepGenerator(architecture, fits_latent=task.generator != FIXED)
    )
    measured = Measured(generator, task, round((SCORED_S[0] - start_s) / BLOCK_S))
    model = DenoiseModel(settings, generator=measured)
    denoiser = Denoiser(LONG_SAMPLE_RATE, 1, settings, model=model, learn=True)
    out = np.concatenate((denoiser.process(mix[None]), denoiser.flush()), axis=1)[0, denoiser.latency :]
    compute = measured.seconds / (SCORED_S[1] - SCORED_S[0])
    return Point(task.generator, task.mode, task.steps, compute, scores(speech, out))


def plan(folder: Path, generators: Sequence[str]) -> list[Task]:
    tasks = [Task(folder, name, "plain", 0) for name in ("noisy", "classical", "context, 2 passes")]
    for name in generators:
        tasks += [Task(folder, name, "cold", steps) for steps in reversed(COLD_STEPS)]
        tasks += [Task(folder, name, "warm", steps) for steps in reversed(WARM_STEPS)]
    return tasks


def series(points: Sequence[Point], generator: str, mode: str) -> list[Point]:
    """By rising number of steps."""
    own = [point for point in points if (point.generator, point.mode) == (generator, mode)]
    return sorted(own, key=lambda point: point.steps)


def cheapest(points: Sequence[Point], wanted: float) -> Point | None:
    """The least compute, of at least one step, that gives this ESTOI."""
    # As printed: three digits are more than it is worth already.
    good = [point for point in points if point.steps and round(point.scores["ESTOI"], 3) >= wanted]
    return min(good, key=lambda point: point.compute) if good else None


def body(points: Sequence[Point]) -> str:
    names = list(dict.fromkeys(point.generator for point in points if point.mode != "plain"))
    plain = [point for point in points if point.mode == "plain"]
    header = ["without steps", "PESQ", "ESTOI", "SI-SDR"]
    parts = [table(header, [[point.generator, *_cells(point)] for point in plain])]
    for name in names:
        lines = [
            [mode, str(point.steps), number(point.compute, 4), *_cells(point)]
            for mode in ("cold", "warm")
            for point in series(points, name, mode)
        ]
        parts.append(table([name, "steps per block", "compute", "PESQ", "ESTOI", "SI-SDR"], lines))
    parts.append(claim_table(points, names))
    parts.append("![quality against compute](warm_start.png)\n")
    return "\n".join(parts)


def _cells(point: Point) -> list[str]:
    digits = {"PESQ": 2, "ESTOI": 3, "SI-SDR": 1}
    return [number(point.scores[name], digits[name]) for name in digits]


def claim_table(points: Sequence[Point], names: Sequence[str]) -> str:
    """What cold and warm need for the same ESTOI: that of the best cold fit, and that of a cold fit of 50."""
    lines = []
    for name in names:
        cold, warm = series(points, name, "cold"), series(points, name, "warm")
        best = max(round(point.scores["ESTOI"], 3) for point in cold)
        for label, wanted in (("best cold fit", best), ("cold, 50 steps", _at(cold, 50))):
            wanted = round(wanted - NEAR, 3)
            dear, cheap = cheapest(cold, wanted), cheapest(warm, wanted)
            assert dear is not None
            factor = "not reached" if cheap is None else f"{dear.compute / cheap.compute:.0f} times"
            need = "" if cheap is None else f"{cheap.steps} steps, {number(cheap.compute, 4)}"
            most = f"{dear.steps} steps, {number(dear.compute, 4)}"
            lines.append([f"{name}: as {label}", number(wanted, 3), most, need, factor])
    return table(["same ESTOI", "at least", "cold needs", "warm needs", "compute saved"], lines)


def _at(points: Sequence[Point], steps: int) -> float:
    return next(round(point.scores["ESTOI"], 3) for point in points if point.steps == steps)


def draw(points: Sequence[Point], path: Path) -> None:
    """Quality against compute; needs matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(point.generator for point in points if point.mode != "plain"))
    figure = Figure(figsize=(13.0, 4.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for axis, score in zip(figure.subplots(1, 3), ("ESTOI", "PESQ", "SI-SDR"), strict=True):
        for i, name in enumerate(names):
            for mode, style in (("cold", "--"), ("warm", "-")):
                line = [point for point in series(points, name, mode) if point.steps]
                values = [point.scores[score] for point in line]
                label = f"{name}, {mode}"
                x = [point.compute for point in line]
                axis.plot(x, values, style, marker="o", ms=3, color=f"C{i}", label=label)
        for point in points:
            if point.mode == "plain" and point.generator in ("noisy", "classical"):
                axis.axhline(point.scores[score], color="0.6", lw=1.0, ls=":")
                axis.annotate(point.generator, (0.99, point.scores[score]), fontsize=8, color="0.4",
                              xycoords=("axes fraction", "data"), ha="right", va="bottom")  # fmt: skip
        axis.set_xscale("log")
        axis.set_xlabel("time of fitting / time of audio, one core")
        axis.set_title(f"{score}{' in dB' if score == 'SI-SDR' else ''}, higher is better", fontsize=10)
        axis.grid(alpha=0.25)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(names), fontsize=9)
    figure.savefig(path, metadata={"Software": None})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.warm_start", description="What a warm start buys.")
    audio.add_audio_argument(parser)
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    args = parser.parse_args()
    tasks = plan(audio.audio_folder(args.audio), args.generators)
    points = []
    for point in run(measure, tasks, args.jobs):
        points.append(point)
        cells = " ".join(_cells(point))
        print(f"{point.generator} {point.mode} {point.steps}: {point.compute:.4f} {cells}", file=sys.stderr)
    text = body(points)
    print(text)
    if set(args.generators) == set(GENERATORS):
        draw(points, PICTURE)
        results.write_section("warm-start", "Warm start", text, ("pesq", "pystoi", "matplotlib"))


if __name__ == "__main__":
    main()
