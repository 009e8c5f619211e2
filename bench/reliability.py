"""Damaged files, killed runs and full disks in their thousands: what was tried, and what broke.

Every trial comes from its seed, so that one that failed can be made again: ``--only KIND --first SEED --tries
1``.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import results
from bench.hostile.forked import Forked
from bench.hostile.trials import (
    Containers,
    Kills,
    MakeTrial,
    Profiles,
    Trial,
    command_lines,
    full_disks,
    presets,
    raw_formats,
    small_disk,
)

TRIES: dict[str, tuple[Callable[[], MakeTrial], int]] = {  # kind: how it is tried, and how often
    "audio files": (Containers, 1500),
    "command lines": (lambda: command_lines, 300),
    "raw formats": (lambda: raw_formats, 200),
    "presets": (lambda: presets, 200),
    "profiles": (Profiles, 200),
    "kills": (Kills, 500),
    "full disks": (lambda: full_disks, 100),
}


def tried(kind: str, first: int, tries: int) -> list[Trial]:
    """Trials with the seeds ``first`` and on; none of a kind that this machine does not allow."""
    make = TRIES[kind][0]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Forked(folder) as forked:
            if kind != "full disks":
                return [make(forked, seed) for seed in range(first, first + tries)]
            with small_disk(folder) as disk:
                return [] if disk is None else [make(forked, seed) for seed in range(first, first + tries)]


def line(kind: str, trials: Sequence[Trial]) -> list[str]:
    """A row of the table."""
    if not trials:
        return [kind, "0", "", "", "", ""]
    failed = sum(bool(trial.faults) for trial in trials)
    refused = sum(trial.run.status != 0 for trial in trials)
    slowest = max(trial.run.seconds for trial in trials)
    memory = max(trial.run.memory for trial in trials)
    return [
        kind,
        str(len(trials)),
        str(failed),
        str(refused),
        results.number(slowest, 1),
        results.number(memory / 1e6, 0),
    ]


def body(first: int, by_kind: dict[str, list[Trial]]) -> str:
    """The section: table, and the trials that failed."""
    header = ["kind", "tried", "failed", "ended with an error, as they should", "longest, s", "memory, MB"]
    text = results.table(header, [line(kind, trials) for kind, trials in by_kind.items()])
    text += (
        f"\nSeeds from {first} on. A trial fails with a traceback, no line that says what is wrong, a hang "
        "of a minute, a target that is neither old nor new, any other file changed, a result "
        "shorter than what libsndfile or ffmpeg finds in the source without a warning, or 1 GB of memory. "
        "Memory counts what the process that is forked has: about 250 MB.\n"
    )
    failed = [trial for trials in by_kind.values() for trial in trials if trial.faults]
    for trial in failed[:20]:
        text += f"\n- {trial.kind}, seed {trial.seed} ({trial.what}): {', '.join(trial.faults)}"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reliability", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(TRIES), default=list(TRIES), metavar="KIND")
    parser.add_argument("--first", type=int, default=0, help="seed of the first trial (default 0)")
    parser.add_argument("--tries", type=int, help="of each kind, not as many as belong to it")
    args = parser.parse_args()
    by_kind: dict[str, list[Trial]] = {}
    for kind in args.only:
        by_kind[kind] = tried(kind, args.first, args.tries or TRIES[kind][1])
        for trial in by_kind[kind]:
            if trial.faults:
                print(
                    f"{kind} {trial.seed} {trial.what}: {trial.faults}\n  {trial.run.err[-300:]}", flush=True
                )
        print(line(kind, by_kind[kind]), flush=True)
    if args.only == list(TRIES) and args.tries is None:
        results.write_section("reliability", "Reliability", body(args.first, by_kind))


if __name__ == "__main__":
    main()
