"""The rows that podcast.py measured, as Markdown tables and a picture; no measuring here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.methods import LABELS
from bench.metrics import DIGITS
from bench.results import number, table

SCORES = ("PESQ", "ESTOI", "SI-SDR", "DNSMOS")
BY_NOISE = ("PESQ", "ESTOI", "SI-SDR")
EXPLAINED = (
    "PESQ (wide-band), ESTOI, SI-SDR (dB), DNSMOS (overall): higher is better. Compute is CPU time over the\n"
    "length of the sound, one thread, without start and imports.\n"
)


@dataclass(frozen=True)
class Row:
    """What one method made of one recording; `scores` are means over the pieces that are scored."""

    noise: str
    ending: int | None  # the seed of a rearranged reading; None: the reading itself
    seconds: float
    method: str
    compute: float  # CPU time over the length of the sound
    scores: dict[str, float]


def mean(rows: Sequence[Row], score: str) -> float:
    return float(np.mean([row.scores[score] for row in rows]))


def compute(rows: Sequence[Row]) -> float:
    return float(np.mean([row.compute for row in rows]))


def select(
    rows: Sequence[Row], method: str, seconds: float | None = None, noise: str | None = None
) -> list[Row]:
    """Those of one method; `None` takes every length, every noise."""
    own = [row for row in rows if row.method == method and noise in (None, row.noise)]
    return [row for row in own if seconds in (None, row.seconds)]


def unique(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))


def length(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:.0f} s"


def cells(rows: Sequence[Row], scores: Sequence[str] = SCORES) -> list[str]:
    return [number(mean(rows, score), DIGITS[score]) for score in scores]


def cost(rows: Sequence[Row]) -> str:
    return "" if rows[0].method == "noisy" else number(compute(rows), 4)


def means_table(rows: Sequence[Row]) -> str:
    """Over all noises, with what each method costs."""
    n_noises = len(unique([row.noise for row in rows]))
    methods = unique([row.method for row in rows])
    lines = [[LABELS[name], *cells(select(rows, name)), cost(select(rows, name))] for name in methods]
    return table([f"mean over {n_noises} noises", *SCORES, "compute"], lines)


def noise_table(rows: Sequence[Row]) -> str:
    methods = unique([row.method for row in rows])
    lines = [
        [noise, *(" / ".join(cells(select(rows, name, noise=noise), BY_NOISE)) for name in methods)]
        for noise in unique([row.noise for row in rows])
    ]
    return table([" / ".join(BY_NOISE), *(LABELS[name] for name in methods)], lines)


def length_table(rows: Sequence[Row]) -> str:
    lines = []
    for name in unique([row.method for row in rows]):
        for seconds in sorted({row.seconds for row in rows}):
            own = select(rows, name, seconds)
            lines.append([f"{LABELS[name]}, {length(seconds)}", *cells(own), cost(own)])
    return table(["same last 10 s, mean", *SCORES, "compute"], lines)


def change_table(rows: Sequence[Row]) -> str:
    """From the shortest to the longest, recording by recording: mean and its standard error."""
    first, last = (end({row.seconds for row in rows}) for end in (min, max))
    lines = []
    for name in unique([row.method for row in rows if row.method != "noisy"]):
        before = {(row.noise, row.ending): row.scores for row in select(rows, name, first)}
        after = {(row.noise, row.ending): row.scores for row in select(rows, name, last)}
        line = [LABELS[name]]
        for score in SCORES:
            gains = np.array([after[key][score] - before[key][score] for key in before])
            error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else float("nan")
            more = f" \u00b1 {number(error, DIGITS[score])}" if error == error else ""
            line.append(f"{number(float(gains.mean()), DIGITS[score], sign=True)}{more}")
        lines.append(line)
    header = [f"{length(last)} instead of {length(first)}: change \u00b1 standard error", *SCORES]
    return table(header, lines)


def reading_body(rows: Sequence[Row]) -> str:
    return "\n".join([EXPLAINED, means_table(rows), noise_table(rows)])


def lengths_body(rows: Sequence[Row]) -> str:
    n_recordings = len({(row.noise, row.ending) for row in rows})
    parts = [
        f"{EXPLAINED}Means over {n_recordings} recordings. What is said in the 10 s that are scored is said\n"
        "nowhere before, but the reading, 104 s, and the noises, 12 to 60 s, come back again and again.\n",
        length_table(rows),
    ]
    if len({row.seconds for row in rows}) > 1:
        parts.append(change_table(rows))
    return "\n".join(parts)


def draw(rows: Sequence[Row], path: Path) -> None:
    """Quality against length above, against compute below; needs matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lengths = sorted({row.seconds for row in rows})
    figure = Figure(figsize=(15.0, 7.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(SCORES), sharey="col")
    for column, score in enumerate(SCORES):
        above, below = axes[:, column]
        for i, name in enumerate(unique([row.method for row in rows])):
            groups = [select(rows, name, seconds) for seconds in lengths]
            values = [mean(own, score) for own in groups]
            if name == "noisy":
                for axis in (above, below):
                    axis.axhline(values[-1], color="0.5", lw=1.0, ls=":", label=LABELS[name])
                continue
            above.plot(lengths, values, "-", marker="o", ms=4, color=f"C{i}", label=LABELS[name])
            costs = [compute(own) for own in groups]
            below.plot(costs, values, "-", marker="o", ms=3, lw=0.8, color=f"C{i}")
            below.plot(costs[-1:], values[-1:], "o", ms=8, color=f"C{i}")
        above.set_xscale("log")
        above.set_xticks(lengths, [length(seconds) for seconds in lengths], minor=False)
        above.minorticks_off()
        above.set_xlabel("length of the recording")
        below.set_xscale("log")
        below.set_xlabel(f"time / time of sound, one core; large: {length(lengths[-1])}")
        above.set_title(f"{score}{' in dB' if score == 'SI-SDR' else ''}, higher is better", fontsize=10)
        for axis in (above, below):
            axis.grid(alpha=0.25)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9)
    figure.savefig(path, metadata={"Software": None})
