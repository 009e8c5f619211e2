"""The rows that quality.py measured, as Markdown tables; no measuring here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.methods import LABELS
from bench.metrics import DIGITS, METRICS
from bench.results import number, table

SPEECH_GROUPS = ("speech", "pair", "clean speech")
MIX_GROUPS = {"speech": "speech", "animal": "animals", "music": "instruments"}


@dataclass(frozen=True)
class Row:
    """What one method made of one recording; `values` by the name of the metric."""

    id: str
    group: str
    noise: str
    method: str
    values: dict[str, float]


def mean(rows: Sequence[Row], metric: str) -> float:
    return sum(row.values[metric] for row in rows) / len(rows) if rows else float("nan")


def select(rows: Sequence[Row], method: str, *groups: str) -> list[Row]:
    return [row for row in rows if row.method == method and row.group in groups]


def cells(rows: Sequence[Row], metrics: Sequence[str]) -> list[str]:
    return [number(mean(rows, metric), DIGITS[metric]) for metric in metrics]


def si_sdr_changes(rows: Sequence[Row], method: str) -> dict[str, float]:
    """By mix: SI-SDR of the method less that of the noisy input, in dB."""
    before = {row.id: row.values["SI-SDR"] for row in select(rows, "noisy", *MIX_GROUPS)}
    after = {row.id: row.values["SI-SDR"] for row in select(rows, method, *MIX_GROUPS)}
    return {mix_id: after[mix_id] - before[mix_id] for mix_id in after if mix_id in before}


def mixes_table(rows: Sequence[Row], methods: Sequence[str]) -> str:
    """The means by group, and the single mix that loses most."""
    metrics = {"speech": tuple(METRICS), "animal": ("SI-SDR", "LSD"), "music": ("SI-SDR", "LSD")}
    header = ["mean over mixes.tsv"]
    for group, names in metrics.items():
        count = len({row.id for row in rows if row.group == group})
        header += [f"{count} {MIX_GROUPS[group]}: {names[0]}", *names[1:]]
    header.append("worst SI-SDR change in one mix")
    lines = []
    for method in methods:
        line = [LABELS[method]]
        for group, names in metrics.items():
            line += cells(select(rows, method, group), names)
        changes = si_sdr_changes(rows, method)
        worst = min(changes, key=changes.__getitem__, default=None) if method != "noisy" else None
        line.append(f"{number(changes[worst], 1, sign=True)} ({worst})" if worst else "")
        lines.append(line)
    return table(header, lines)


def pairs_table(rows: Sequence[Row], methods: Sequence[str]) -> str:
    n_pairs = len({row.id for row in rows if row.group == "pair"})
    lines = [[LABELS[method], *cells(select(rows, method, "pair"), list(METRICS))] for method in methods]
    return table([f"mean over {n_pairs} real pairs", *METRICS], lines)


def noise_table(rows: Sequence[Row], methods: Sequence[str]) -> str:
    """Mean SI-SDR by noise, over all the mixes with it, whatever the signal."""
    mixes = [row for row in rows if row.group in MIX_GROUPS]
    lines = []
    for noise in sorted({row.noise for row in mixes}):
        own = [row for row in mixes if row.noise == noise]
        ids = sorted({row.id for row in own})
        means = [cells(select(own, method, *MIX_GROUPS), ["SI-SDR"])[0] for method in methods]
        lines.append([f"{noise} ({', '.join(ids)})", *means])
    return table(["SI-SDR by noise (its mixes)", *(LABELS[method] for method in methods)], lines)


def clean_table(rows: Sequence[Row], methods: Sequence[str]) -> str:
    """What is left of signals that had no noise to begin with."""
    groups = tuple(f"clean {group}" for group in MIX_GROUPS)
    header = ["unmixed clean signals", "all: SI-SDR", "lowest SI-SDR"]
    header += [f"{name}: SI-SDR" for name in MIX_GROUPS.values()]
    header += ["speech: PESQ", "speech: lowest PESQ"]
    lines = []
    for method in methods:
        own = select(rows, method, *groups)
        if not own:
            continue
        lowest = min(own, key=lambda row: row.values["SI-SDR"])
        line = [LABELS[method], *cells(own, ["SI-SDR"])]
        line.append(f"{number(lowest.values['SI-SDR'], 1)} ({lowest.id})")
        line += [cells(select(rows, method, group), ["SI-SDR"])[0] for group in groups]
        speech = select(rows, method, "clean speech")
        worst = min((row.values["PESQ"] for row in speech), default=float("nan"))
        lines.append([*line, number(mean(speech, "PESQ"), 2), number(worst, 2)])
    return table(header, lines)


def body(rows: Sequence[Row], methods: Sequence[str]) -> str:
    """All the tables for which there are rows."""
    groups = {row.group for row in rows}
    parts = [
        "PESQ (wide-band) and DNSMOS (overall) are measured at 16 kHz, SI-SDR and LSD (dB) at the own rate.\n"
        "A lower LSD is better; of the others a higher value is.\n"
    ]
    if groups & set(MIX_GROUPS):
        parts += [mixes_table(rows, methods), noise_table(rows, methods)]
    if "pair" in groups:
        parts.append(pairs_table(rows, methods))
    if any(group.startswith("clean ") for group in groups):
        parts.append("Clean stays clean: the output against the input.\n\n" + clean_table(rows, methods))
    return "\n".join(parts)
