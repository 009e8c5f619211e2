"""Quality of dap_stream and its peers on the mixes of `mixes.tsv` and the real pairs.

    python -m bench.quality --audio PATH [--methods noisy context] [--only s01 a02 pair] [--sample-rate 16000]

A complete run writes its section of RESULTS.md; a partial one only prints.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench import audio, quality_tables, results
from bench.methods import METHODS
from bench.metrics import METRICS
from bench.processes import run
from bench.quality_tables import SPEECH_GROUPS, Row
from dap_stream.core.parallel import n_cores
from dap_stream.models.registry import DEEP_PRIORS

CLEAN_METHODS = ("classical", "context", "band")  # methods asked to leave a clean signal alone
# Those left out take as long again as all others. Asked for like this, they get sections of their own.
DEEP, REFERENCE = ("noisy", *DEEP_PRIORS), ("context", "reference")
PRESETS = ("field", "music")  # for other sounds than speech, and measured on these alone
OTHERS = ("reference", "band-any", "band-best", *PRESETS)
DEFAULT = [name for name in METHODS if name not in (*DEEP_PRIORS, *OTHERS)]


@dataclass(frozen=True)
class Task:
    """One recording through one method; `kind` is "mix", "pair" or "clean", the signal of a mix by itself."""

    folder: Path
    kind: str
    id: str
    method: str
    sample_rate: int | None  # None: the one in the table


def mix_row(folder: Path, mix_id: str, sample_rate: int | None) -> audio.MixRow:
    row = next(row for row in audio.mix_rows(folder) if row.id == mix_id)
    return row if sample_rate is None else replace(row, sample_rate=sample_rate)


def example(task: Task) -> audio.Example:
    if task.kind == "pair":
        return audio.read_pair(task.folder, task.id)
    row = mix_row(task.folder, task.id, task.sample_rate)
    if task.kind == "mix":
        return audio.make_mix(task.folder, row)
    clean = audio.clean_signal(task.folder, row)
    return audio.Example(Path(row.signal).stem, f"clean {row.group}", "none", row.sample_rate, clean, clean)


def metric_names(group: str) -> tuple[str, ...]:
    return tuple(METRICS) if group in SPEECH_GROUPS else ("SI-SDR", "LSD")


def measure(task: Task) -> Row:
    """Make the recording, run the method, measure; nothing is kept between two tasks."""
    item = example(task)
    estimate = METHODS[task.method](item.noisy.astype(np.float32), item.sample_rate)
    if estimate.shape != item.noisy.shape:
        raise ValueError(f"{task.method} on {item.id}: {estimate.shape} out for {item.noisy.shape} in")
    names = metric_names(item.group)
    values = {name: METRICS[name](item.clean, estimate, item.sample_rate) for name in names}
    return Row(item.id, item.group, item.noise, task.method, values)


def plan(folder: Path, methods: Sequence[str], only: Sequence[str], sample_rate: int | None) -> list[Task]:
    """Every recording through every method; `only` keeps ids, groups, "pair" or "clean"."""
    rows = audio.mix_rows(folder)
    words = {row.id: {row.id, row.group} for row in rows}
    chosen = [row for row in rows if not only or words[row.id] & set(only)]
    pairs = [pair for pair in audio.pair_ids(folder) if not only or {pair, "pair"} & set(only)]
    signals = {row.signal: row for row in rows if not only or "clean" in only}  # each signal once
    unknown = set(only) - {"pair", "clean", *audio.pair_ids(folder)}.union(*words.values())
    if unknown:
        raise SystemExit(
            f"bench: --only knows no {', '.join(sorted(unknown))}: give ids, groups, pair or clean"
        )
    tasks = [
        Task(folder, "mix", row.id, method, sample_rate)
        for row in chosen
        for method in methods
        if method not in PRESETS or row.group not in SPEECH_GROUPS
    ]
    tasks += [
        Task(folder, "pair", pair, method, None)
        for pair in pairs
        for method in methods
        if method not in PRESETS
    ]
    own = [method for method in methods if method in CLEAN_METHODS]
    tasks += [
        Task(folder, "clean", row.id, method, sample_rate) for row in signals.values() for method in own
    ]
    return tasks


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Every single measurement as a tab-separated table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter="\t", lineterminator="\n")
        out.writerow(["id", "group", "noise", "method", *METRICS])
        for row in rows:
            values = [f"{row.values[name]:.4f}" if name in row.values else "" for name in METRICS]
            out.writerow([row.id, row.group, row.noise, row.method, *values])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description="Quality over the mixes.")
    audio.add_audio_argument(parser)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=DEFAULT, metavar="NAME")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="ids, groups, pair, clean")
    parser.add_argument("--sample-rate", type=int, help="Hz; make every mix at this rate, not its own")
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    parser.add_argument("--rows", type=Path, help="write every single measurement to this .tsv")
    args = parser.parse_args()
    tasks = plan(audio.audio_folder(args.audio), args.methods, args.only, args.sample_rate)
    rows: list[Row] = []
    for row in run(measure, tasks, args.jobs):
        rows.append(row)
        if sys.stderr.isatty():
            end = "\n" if len(rows) == len(tasks) else ""
            print(
                f"\r{len(rows)}/{len(tasks)} {row.id} {row.method:<16}", end=end, file=sys.stderr, flush=True
            )
    if args.rows:
        write_rows(rows, args.rows)
    body = quality_tables.body(rows, args.methods)
    print(body)
    section = {
        frozenset(DEFAULT): ("quality", "Quality"),
        frozenset(DEEP): ("quality-deep", "Deep priors"),
        frozenset(REFERENCE): ("quality-reference", "With and without speed-up"),
        frozenset(("noisy", *PRESETS)): ("quality-presets", "Presets for other sounds than speech"),
    }
    if frozenset(args.methods) in section and not args.only:
        name, title = section[frozenset(args.methods)]
        rate = f" at {args.sample_rate} Hz" if args.sample_rate else ""
        name = f"{name}-{args.sample_rate}" if args.sample_rate else name
        packages = (*results.METRIC_PACKAGES, *results.PEER_PACKAGES)
        results.write_section(name, title + rate, body, packages)


if __name__ == "__main__":
    main()
