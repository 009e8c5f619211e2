"""One speaker at length, in six noises: quality, what it costs, and whether a longer recording helps.

    python -m bench.podcast --audio PATH [--methods noisy context] [--noises rain] [--seconds 20]
    python -m bench.podcast --audio PATH --lengths [10 60 600 1800] [--endings 3]

The reading of 104 s, whole, scored in consecutive pieces of 10 s. With `--lengths`: 10 s to 30 min of that
reader, rearranged (podcast_sound.py), of which the last 10 s are scored. A complete run of either writes
its section of RESULTS.md, that of `--lengths` also the picture beside it; a partial one only prints.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import audio, podcast_tables, results
from bench.methods import METHODS
from bench.metrics import METRICS
from bench.podcast_sound import LONGEST_S, PIECE_S, SAMPLE_RATE, SNR_DB, in_noise, reading, rearranged
from bench.podcast_tables import SCORES, Row
from bench.processes import run
from bench.quality import DEFAULT
from dap_stream.core.parallel import n_cores

LENGTHS_S = (10, 60, 600, LONGEST_S)
ENDINGS = 3
WARM_UP_S = 2  # of sound, so that what is timed does not import or compile
PICTURE = results.RESULTS.with_name("podcast.png")


@dataclass(frozen=True)
class Task:
    """One recording through one method."""

    folder: Path
    noise: str
    ending: int | None  # the seed of a rearranged reading; None: the reading itself
    seconds: float | None  # None: the whole reading
    method: str


def example(task: Task) -> audio.Example:
    if task.ending is None:
        return in_noise(task.folder, reading(task.folder, task.seconds), task.noise)
    item = in_noise(task.folder, rearranged(reading(task.folder), task.ending), task.noise)
    assert task.seconds is not None
    n_samples = round(task.seconds * SAMPLE_RATE)
    return audio.Example(
        item.id, item.group, item.noise, SAMPLE_RATE, item.clean[-n_samples:], item.noisy[-n_samples:]
    )


def scored(n_samples: int, only_last: bool) -> list[slice]:
    """Consecutive pieces, an incomplete last one dropped; or the last 10 s."""
    n_piece = PIECE_S * SAMPLE_RATE
    if only_last:
        return [slice(n_samples - n_piece, n_samples)]
    return [slice(start, start + n_piece) for start in range(0, n_samples - n_piece + 1, n_piece)]


def measure(task: Task) -> Row:
    """Make the recording, clean it, compare piece by piece."""
    item = example(task)
    noisy, method = item.noisy.astype(np.float32), METHODS[task.method]
    method(noisy[: WARM_UP_S * SAMPLE_RATE], SAMPLE_RATE)
    began = time.process_time()
    estimate = method(noisy, SAMPLE_RATE)
    cpu_s = time.process_time() - began
    if estimate.shape != noisy.shape:
        raise ValueError(f"{task.method} in {task.noise}: {estimate.shape} out for {noisy.shape} in")
    pieces = scored(len(noisy), task.ending is not None)
    scores = {
        name: float(
            np.mean([METRICS[name](item.clean[piece], estimate[piece], SAMPLE_RATE) for piece in pieces])
        )
        for name in SCORES
    }
    seconds = len(noisy) / SAMPLE_RATE
    return Row(task.noise, task.ending, seconds, task.method, cpu_s / seconds, scores)


def plan(folder: Path, noises: Sequence[str], methods: Sequence[str], seconds: float | None) -> list[Task]:
    return [Task(folder, noise, None, seconds, method) for method in methods for noise in noises]


def plan_lengths(
    folder: Path, noises: Sequence[str], methods: Sequence[str], lengths: Sequence[float], endings: int
) -> list[Task]:
    """The longest first, so that no process is left alone with them at the end."""
    return [
        Task(folder, noise, ending, seconds, method)
        for seconds in sorted(lengths, reverse=True)
        for method in methods
        for noise in noises
        for ending in range(endings)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.podcast", description="One speaker at length.")
    audio.add_audio_argument(parser)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=DEFAULT, metavar="NAME")
    parser.add_argument("--noises", nargs="+", choices=list(SNR_DB), default=list(SNR_DB), metavar="NAME")
    parser.add_argument("--seconds", type=float, help="only the beginning of the reading")
    parser.add_argument("--lengths", nargs="*", type=float, metavar="S", help="rearranged; 10 s to 30 min")
    parser.add_argument("--endings", type=int, default=ENDINGS, help="with --lengths: so many seeds")
    parser.add_argument("--jobs", type=int, default=n_cores(), help="processes, one thread each")
    args = parser.parse_args()
    lengths = None if args.lengths is None else args.lengths or list(LENGTHS_S)
    if lengths is not None and not PIECE_S <= min(lengths) <= max(lengths) <= LONGEST_S:
        raise SystemExit(f"bench: --lengths must be in {PIECE_S}..{LONGEST_S}")
    if args.seconds is not None and (args.seconds < PIECE_S or lengths is not None):
        raise SystemExit(f"bench: --seconds must be at least {PIECE_S} and goes without --lengths")
    if args.endings < 1:
        raise SystemExit("bench: --endings must be at least 1")
    folder = audio.audio_folder(args.audio)
    if lengths is None:
        tasks = plan(folder, args.noises, args.methods, args.seconds)
    else:
        tasks = plan_lengths(folder, args.noises, args.methods, lengths, args.endings)
    rows: list[Row] = []
    for row in run(measure, tasks, args.jobs):
        rows.append(row)
        values = " ".join(podcast_tables.cells([row]))
        print(f"{len(rows)}/{len(tasks)} {row.method} {row.noise} {row.seconds:.0f} s: {values}",
              file=sys.stderr, flush=True)  # fmt: skip
    packages = (*results.METRIC_PACKAGES, *results.PEER_PACKAGES)
    complete = set(args.methods) == set(DEFAULT) and set(args.noises) == set(SNR_DB)
    if lengths is None:
        text = podcast_tables.reading_body(rows)
        print(text)
        if complete and args.seconds is None:
            results.write_section("podcast", "One speaker", text, packages)
        return
    text = podcast_tables.lengths_body(rows)
    print(text)
    if complete and set(lengths) == set(LENGTHS_S) and args.endings == ENDINGS:
        podcast_tables.draw(rows, PICTURE)
        text += f"\n![quality against length and compute]({PICTURE.name})\n"
        results.write_section("podcast-lengths", "One speaker, longer and longer", text,
                              (*packages, "matplotlib"))  # fmt: skip


if __name__ == "__main__":
    main()
