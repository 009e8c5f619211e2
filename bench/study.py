"""The deep prior on one excerpt after another: what is gained at best, and where the rules would stop.

    python -m bench.study --audio PATH [--generators dcgan] [--only s01 p287_003]

`dap-stream study` on the first 7 s of every speech mix (made at 16 kHz) and every real pair; `dcgan` on all
of them, the slower priors on some. A complete run writes its section of RESULTS.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from bench import audio, results
from bench.processes import one_thread_context
from bench.results import number, table
from dap_stream.core.parallel import n_cores

SAMPLE_RATE = 16_000
SECONDS = 7.0
ITERATIONS = {"dcgan": 2000, "skip": 1000, "decoder": 1000}
GENERATORS = tuple(ITERATIONS)
FEW = ("s02", "s03", "s07", "s09", "s11", "p287_005")  # for the slower ones: a noise each
SCORES = ("pesq", "estoi", "si_sdr_db")
RULES = ("holdout", "variance", "last")
NEAR = 0.1  # PESQ


@dataclass(frozen=True)
class Task:
    """One study."""

    folder: Path
    id: str
    generator: str
    iterations: int


@dataclass(frozen=True)
class Study:
    """What came of it; scores as (PESQ, ESTOI, SI-SDR) of the gain output."""

    task: Task
    noisy: tuple[float, ...]
    first: tuple[float, ...]  # after one iteration: an image that knows nothing
    best: tuple[float, ...]  # each score at its own best sample
    best_at: int  # of PESQ
    best_magnitude: tuple[float, ...]
    stops: dict[str, tuple[int | None, tuple[float, ...]]]
    s_per_iteration: float
    memory_mb: float


def example(folder: Path, name: str) -> audio.Example:
    if name in audio.pair_ids(folder):
        return audio.read_pair(folder, name)
    row = next(row for row in audio.mix_rows(folder) if row.id == name)
    return audio.make_mix(folder, replace(row, sample_rate=SAMPLE_RATE))


def ids(folder: Path) -> list[str]:
    """Every recording of speech."""
    return [row.id for row in audio.mix_rows(folder) if row.group == "speech"] + audio.pair_ids(folder)


def measure(task: Task) -> Study:
    """Run the study in a folder that is gone afterwards."""
    from dap_stream.apps.study.run import run_study
    from dap_stream.apps.study.settings import StudySettings

    item = example(task.folder, task.id)
    with tempfile.TemporaryDirectory() as place:
        paths = []
        for name, signal in (("noisy", item.noisy), ("clean", item.clean)):
            paths.append(Path(place) / f"{name}.wav")
            soundfile.write(paths[-1], signal, item.sample_rate, "FLOAT")
        settings = StudySettings(
            task.generator, task.iterations, end_s=min(SECONDS, len(item.noisy) / item.sample_rate)
        )
        result = run_study(paths[0], Path(place) / "study", paths[1], settings)
    rows = result.samples
    gain = np.array([[row.score("gain", name) for name in SCORES] for row in rows], float)
    magnitude = np.array([[row.score("magnitude", name) for name in SCORES] for row in rows], float)
    stops = {stop.rule: (stop.iteration, _values(stop.scores.get("gain", {}))) for stop in result.stops}
    return Study(
        task,
        _values(result.rows[0].scores["gain"]),
        tuple(gain[0]),
        tuple(gain.max(axis=0)),
        rows[int(gain[:, 0].argmax())].iteration,
        tuple(magnitude.max(axis=0)),
        stops,
        result.fit_s / result.iterations,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _values(scores: Mapping[str, float | None]) -> tuple[float, ...]:
    found = [scores.get(name) for name in SCORES]
    return tuple(float("nan") if value is None else value for value in found)


def run(tasks: Sequence[Task], n_jobs: int) -> Iterator[Study]:
    """In the order of `tasks`; each in a process of its own, whose memory is its own too."""
    with one_thread_context().Pool(n_jobs, maxtasksperchild=1) as pool:
        yield from pool.imap(measure, tasks)


def plan(folder: Path, generators: Sequence[str], only: Sequence[str], iterations: int | None) -> list[Task]:
    tasks = []
    for generator in generators:
        wanted = only or (ids(folder) if generator == "dcgan" else FEW)
        tasks += [Task(folder, name, generator, iterations or ITERATIONS[generator]) for name in wanted]
    return tasks


def _text(values: Sequence[float]) -> str:
    return " / ".join(number(value, digits) for value, digits in zip(values, (2, 3, 1), strict=True))


def is_near(study: Study, rule: str) -> bool:
    return study.best[0] - study.stops[rule][1][0] <= NEAR


def clip_table(studies: Sequence[Study]) -> str:
    lines = []
    for study in studies:
        stops = [
            "nowhere" if at is None else f"{at}: {_text(values)}"
            for at, values in (study.stops[rule] for rule in RULES[:2])
        ]
        near = (
            "yes"
            if is_near(study, "holdout")
            else f"\u2212{study.best[0] - study.stops['holdout'][1][0]:.2f}"
        )
        cells = [_text(study.noisy), _text(study.best), str(study.best_at), *stops, near]
        lines.append([study.task.id, *cells])
    header = ["PESQ / ESTOI / SI-SDR", "noisy", "best of the samples", "best PESQ at", "hold-out stops at"]
    return table([*header, "moving variance least at", f"hold-out within {NEAR} PESQ"], lines)


def summary_table(studies: Sequence[Study]) -> str:
    lines = []
    for generator in dict.fromkeys(study.task.generator for study in studies):
        own = [study for study in studies if study.task.generator == generator]
        means = {
            "noisy": [study.noisy for study in own],
            "1 iteration": [study.first for study in own],
            "best": [study.best for study in own],
            "best, magnitude": [study.best_magnitude for study in own],
            **{rule: [study.stops[rule][1] for study in own] for rule in RULES},
        }
        cells = [_text(np.mean(np.array(values), axis=0)) for values in means.values()]
        near = [sum(is_near(study, rule) for study in own) for rule in RULES]
        cost = np.median([study.s_per_iteration for study in own])
        memory = max(study.memory_mb for study in own)
        lines.append(
            [generator, str(len(own)), *cells, " / ".join(map(str, near)), number(cost, 3), number(memory, 0)]
        )
    header = ["means, gain output", "clips", "noisy", "after 1 iteration", "best", "best of the magnitude"]
    header += ["hold-out", "moving variance", "last", f"within {NEAR} PESQ: hold-out / variance / last"]
    return table([*header, "s per iteration", "peak MB"], lines)


def body(studies: Sequence[Study]) -> str:
    parts = [summary_table(studies)]
    for generator in dict.fromkeys(study.task.generator for study in studies):
        own = [study for study in studies if study.task.generator == generator]
        gained = sum(s.best[0] > s.noisy[0] and s.best[1] > s.noisy[1] for s in own)
        better = f"better than noisy in PESQ and in ESTOI on {gained} of {len(own)}"
        parts.append(f"**{generator}**, {own[0].task.iterations} iterations: {better}.\n")
        parts.append(clip_table(own))
    parts.append(
        "*Best* is each score's own best over the samples, known only with the reference. Two studies ran at "
        "a time, one thread each; memory is that of the whole process with the scoring.\n"
    )
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.study", description="Deep priors and stop rules.")
    audio.add_audio_argument(parser)
    parser.add_argument("--generators", nargs="+", choices=GENERATORS, default=list(GENERATORS))
    parser.add_argument("--only", nargs="+", default=[], metavar="ID")
    parser.add_argument("--iterations", type=int, help="instead of 2000 (dcgan) and 1000")
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    args = parser.parse_args()
    folder = audio.audio_folder(args.audio)
    unknown = set(args.only) - set(ids(folder))
    if unknown:
        raise SystemExit(f"bench: --only knows no {', '.join(sorted(unknown))}: give ids of speech or pairs")
    studies = []
    for study in run(plan(folder, args.generators, args.only, args.iterations), args.jobs):
        studies.append(study)
        print(f"{study.task.generator} {study.task.id}: {_text(study.best)}", file=sys.stderr, flush=True)
    text = body(studies)
    print(text)
    if args.generators == list(GENERATORS) and not args.only and args.iterations is None:
        results.write_section("study", "Deep priors, stopped and not", text, ("pesq", "pystoi"))


if __name__ == "__main__":
    main()
