"""The study in one picture: what was made, what was gained, where the rules stop. Needs matplotlib."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from dap_stream.apps.study import output_folder
from dap_stream.apps.study.fit import HOLD_OUT, VARIANCE
from dap_stream.apps.study.results import StudyResult
from dap_stream.apps.study.tasks import DENOISE, ERROR, FILLED, KNOWN_ERROR, MADE
from dap_stream.core.array_types import F32
from dap_stream.core.units import seconds_to_samples
from dap_stream.report.spectrogram_plot import RANGE_DB, spectrogram_db

N_STAGES = 6  # samples that are shown as spectrograms
_COLUMNS = 500
_STOP_STYLES = {HOLD_OUT: ("tab:green", "held-out loss"), VARIANCE: ("tab:purple", "moving variance")}
_WAY_STYLES = (("tab:blue", "-"), ("tab:orange", "--"))
_OUTSIDE, _START, _EDGE = "tab:brown", "0.4", "tab:cyan"
_AROUND_S = 0.4  # that is shown to either side of a hole


def draw_study(result: StudyResult) -> None:
    """Write the picture of at least one sample to the folder of the study."""
    way, names = result.task.way, [figure.name for figure in result.task.figures]
    scores = [name for name in names if any(row.score(way, name) is not None for row in result.samples)]
    n_curve_rows = (len(scores) + 2) // 2
    figure = Figure(figsize=(15.0, 5.6 + 2.9 * n_curve_rows), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subfigures(2, 1, height_ratios=[5.6, 2.9 * n_curve_rows], squeeze=False)[:, 0]
    _draw_sounds(above, result)
    axes = below.subplots(n_curve_rows, 2 if scores else 1, squeeze=False).ravel()
    _draw_fit(axes[0], result)
    for axis, name in zip(axes[1:], scores, strict=False):
        _draw_score(axis, result, name)
    for axis in axes[1 + len(scores) :]:
        axis.set_visible(False)
    # The name of a file need be neither text nor free of what matplotlib takes for a formula.
    name = os.fsencode(Path(result.source).name).decode(errors="replace")
    title = (
        f"{result.task.name}: {result.settings.generator} fitted to {name}, {result.iterations} iterations"
    )
    figure.suptitle(f"{title}, seed {result.settings.seed}", fontsize=12, parse_math=False)
    buffer = io.BytesIO()
    # No versions in it: the same picture twice is the same file.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    output_folder.write_bytes(result.folder / output_folder.PICTURE, buffer.getvalue())


def shown_stages(iterations: list[int], most: int = N_STAGES) -> list[int]:
    """A few of the samples, evenly over their list, first and last included.

    >>> shown_stages([1, 2, 5, 10, 20, 50, 100], 4)
    [1, 5, 20, 100]
    """
    places = np.linspace(0, len(iterations) - 1, min(most, len(iterations)))
    return [iterations[round(place)] for place in places]


def _sound(result: StudyResult, name: str) -> F32:
    return output_folder.read_sound(result.folder / name)


def _best(result: StudyResult) -> tuple[str, F32]:
    """Title and sound of the best sample; without figures where the held-out loss is least, or the last."""
    way = result.task.way
    if result.best is not None and result.best_by is not None:
        by = f" by {result.task.figure(result.best_by).short}" if len(result.task.choosers) > 1 else ""
        return f"best{by}: iteration {result.best}", _sound(
            result, output_folder.sample_name(result.best, way)
        )
    stop = result.stop(HOLD_OUT)
    if stop is not None:
        return f"least held-out loss: iteration {stop.iteration}", _sound(
            result, output_folder.stop_name(HOLD_OUT)
        )
    last = result.samples[-1].iteration
    return f"last: iteration {last}", _sound(result, output_folder.sample_name(last, way))


def _draw_sounds(figure: Any, result: StudyResult) -> None:
    stages = shown_stages([row.iteration for row in result.samples])
    # Above what the network itself makes, below what becomes of the recording with it.
    upper = {
        f"made after {iteration}": _sound(result, output_folder.sample_name(iteration, result.task.ways[1]))
        for iteration in stages
    }
    lower = _denoised(result) if result.task is DENOISE else _filled(result)
    view = _view(result)
    top = float(np.percentile(_image(result, next(iter(lower.values())), (0.0, result.seconds)), 99.9))
    strips = figure.subfigures(2, 1, height_ratios=[1.0, 1.15])
    for strip, sounds in zip(strips, (upper, lower), strict=True):
        axes = strip.subplots(1, len(sounds), sharex=True, sharey=True, squeeze=False)[0]
        for axis, (name, audio) in zip(axes, sounds.items(), strict=True):
            mesh = axis.imshow(
                _image(result, audio, view),
                origin="lower",
                aspect="auto",
                extent=(
                    *(result.settings.start_s + edge for edge in view),
                    *(0.0, result.sample_rate / 2000.0),
                ),
                vmin=top - RANGE_DB,
                vmax=top,
                cmap="magma",
                interpolation="antialiased",
            )
            _draw_edges(axis, result, view)
            axis.set_title(name, fontsize=10)
            axis.set_xlabel("time in s", fontsize=9)
            axis.tick_params(labelsize=8)
        axes[0].set_ylabel("frequency in kHz", fontsize=9)
        strip.colorbar(mesh, ax=list(axes), label="dB", pad=0.01, fraction=0.03)


def _denoised(result: StudyResult) -> dict[str, F32]:
    noisy, (title, best) = _sound(result, output_folder.NOISY), _best(result)
    sounds = {"noisy": noisy, title: best, "difference: what was removed": noisy - best}
    if result.reference is not None:
        sounds["clean reference"] = _sound(result, output_folder.CLEAN)
    return sounds


def _filled(result: StudyResult) -> dict[str, F32]:
    title, best = _best(result)
    sounds = {
        "damaged": _sound(result, output_folder.DAMAGED),
        f"no network: {result.task.start}": _sound(result, output_folder.PLAIN),
        title: best,
    }
    stop = result.stop(HOLD_OUT)
    if stop is not None and stop.iteration:
        sounds[f"held-out stop: iteration {stop.iteration}"] = _sound(
            result, output_folder.stop_name(HOLD_OUT)
        )
    return {**sounds, "before the damage": _sound(result, output_folder.REFERENCE)}


def _view(result: StudyResult) -> tuple[float, float]:
    """Seconds of the excerpt that are shown: all, or the surroundings of the loudest hole."""
    if not result.settings.holes:
        return 0.0, result.seconds
    audio, rate = _sound(result, output_folder.REFERENCE).astype(np.float64), result.sample_rate
    holes = [tuple(edge - result.settings.start_s for edge in hole) for hole in result.settings.holes]

    def power(hole: tuple[float, ...]) -> float:
        piece = audio[seconds_to_samples(hole[0], rate) : seconds_to_samples(hole[1], rate)]
        return float(piece @ piece) / max(len(piece), 1)

    begin, end = max(holes, key=power)
    return max(begin - _AROUND_S, 0.0), min(end + _AROUND_S, result.seconds)


def _draw_edges(axis: Any, result: StudyResult, view: tuple[float, float]) -> None:
    """Where the damage begins and ends."""
    style = {"color": _EDGE, "lw": 0.9, "ls": "--"}
    for edge in (edge for hole in result.settings.holes or () for edge in hole):
        if view[0] < edge - result.settings.start_s < view[1]:
            axis.axvline(edge, **style)
    if result.settings.limit_hz is not None:
        axis.axhline(result.settings.limit_hz / 1000.0, **style)


def _image(result: StudyResult, audio: F32, view: tuple[float, float]) -> npt.NDArray[np.float64]:
    begin, end = (seconds_to_samples(edge, result.sample_rate) for edge in view)
    return spectrogram_db(audio[np.newaxis, begin:end], result.sample_rate, _COLUMNS)


def _draw_fit(axis: Any, result: StudyResult) -> None:
    """Both losses, and the moving variance on a scale of its own."""
    samples = result.samples
    known = [row for row in samples if row.train_loss is not None]
    axis.plot(
        [r.iteration for r in known], [r.train_loss for r in known], "o-", ms=3, color="k", label="train loss"
    )
    axis.plot(
        [r.iteration for r in known],
        [r.heldout_loss for r in known],
        "o-",
        ms=3,
        color="tab:green",
        label="held-out loss",
    )
    axis.set_ylabel("loss (squared log power)")
    axis.set_title("the fit", loc="left", fontsize=10)
    points = [(point[0], point[3]) for point in result.trace if point[3]]
    handles, labels = axis.get_legend_handles_labels()
    if points:
        right = axis.twinx()
        right.plot(*zip(*points, strict=True), color="tab:purple", lw=1.2, label="moving variance")
        right.set_yscale("log")
        right.set_ylabel("moving variance", color="tab:purple")
        right.tick_params(axis="y", labelcolor="tab:purple", which="both", labelsize=8)
        more = right.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    stops = _draw_stops(axis, result)
    # Above the axes: with two scales there is no free place inside to be found.
    axis.legend(
        handles + stops[0],
        labels + stops[1],
        fontsize=8,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        frameon=False,
        borderaxespad=0.1,
    )
    _finish_axis(axis)


def _draw_score(axis: Any, result: StudyResult, name: str) -> None:
    task, figure = result.task, result.task.figure(name)
    lines = [
        (way, name, way, colour, style) for way, (colour, style) in zip(task.ways, _WAY_STYLES, strict=True)
    ]
    if name == ERROR:
        lines.append((MADE, KNOWN_ERROR, f"{MADE}, outside of the damage", _OUTSIDE, ":"))
    for way, column, label, colour, style in lines:
        points = [
            (row.iteration, score) for row in result.samples if (score := row.score(way, column)) is not None
        ]
        if points:
            axis.plot(*zip(*points, strict=True), style, marker="o", ms=3, color=colour, label=label)
    start = result.rows[0].score(task.way, name)
    if start is not None:
        is_filled = task.way == FILLED
        axis.axhline(
            start, color=_START, lw=1.0, label=f"no network: {task.start}" if is_filled else task.start
        )
    _draw_stops(axis, result)
    axis.set_ylabel(figure.title)
    axis.set_title(f"{figure.short} ({figure.better})", loc="left", fontsize=10)
    axis.legend(fontsize=8, loc="best")
    _finish_axis(axis)


def _draw_stops(axis: Any, result: StudyResult) -> tuple[list[Any], list[str]]:
    """Vertical lines where the rules stop; their handles and texts for a legend."""
    handles, texts = [], []
    for rule, (colour, title) in _STOP_STYLES.items():
        stop = result.stop(rule)
        if stop is not None and stop.iteration:
            handles.append(axis.axvline(stop.iteration, color=colour, lw=1.2, ls=":"))
            texts.append(f"stop by {title}: {stop.iteration}")
    return handles, texts


def _finish_axis(axis: Any) -> None:
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_xlabel("iteration")
    axis.grid(alpha=0.25)
