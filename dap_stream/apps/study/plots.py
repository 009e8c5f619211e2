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
from dap_stream.core.array_types import F32
from dap_stream.dsp.metrics import ESTOI, PESQ, SI_SDR
from dap_stream.report.spectrogram_plot import RANGE_DB, spectrogram_db

N_STAGES = 6  # samples that are shown as spectrograms
_COLUMNS = 500
_TITLES = {PESQ: "PESQ (wide band)", ESTOI: "ESTOI", SI_SDR: "SI-SDR in dB"}
_STOP_STYLES = {HOLD_OUT: ("tab:green", "held-out loss"), VARIANCE: ("tab:purple", "moving variance")}
_GAIN, _MAGNITUDE, _NOISY = "tab:blue", "tab:orange", "0.4"


def draw_study(result: StudyResult) -> None:
    """Write the picture of at least one sample to the folder of the study."""
    scores = [name for name in _TITLES if any(row.gain.get(name) is not None for row in result.samples)]
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
    title = f"{result.settings.generator} fitted to {name}: {result.iterations} iterations"
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
    """Title and sound of the best sample; without scores where the held-out loss is least, or the last."""
    if result.best is not None:
        by = _TITLES[result.best_by or SI_SDR].partition(" ")[0]
        return f"best by {by}: iteration {result.best}", _sound(
            result, output_folder.sample_name(result.best, "gain")
        )
    stop = result.stop(HOLD_OUT)
    if stop is not None:
        return f"least held-out loss: iteration {stop.iteration}", _sound(
            result, output_folder.stop_name(HOLD_OUT)
        )
    last = result.samples[-1].iteration
    return f"last: iteration {last}", _sound(result, output_folder.sample_name(last, "gain"))


def _draw_sounds(figure: Any, result: StudyResult) -> None:
    stages = shown_stages([row.iteration for row in result.samples])
    # Above what the network itself makes, below what the gain from it does to the recording.
    upper = {
        f"made after {iteration}": _sound(result, output_folder.sample_name(iteration, "magnitude"))
        for iteration in stages
    }
    noisy, (title, best) = _sound(result, output_folder.NOISY), _best(result)
    lower = {"noisy": noisy, title: best, "difference: what was removed": noisy - best}
    if result.reference is not None:
        lower["clean reference"] = _sound(result, output_folder.CLEAN)
    begin_s = result.settings.start_s
    top = float(np.percentile(_image(result, noisy), 99.9))
    strips = figure.subfigures(2, 1, height_ratios=[1.0, 1.15])
    for strip, sounds in zip(strips, (upper, lower), strict=True):
        axes = strip.subplots(1, len(sounds), sharex=True, sharey=True, squeeze=False)[0]
        for axis, (name, audio) in zip(axes, sounds.items(), strict=True):
            mesh = axis.imshow(
                _image(result, audio),
                origin="lower",
                aspect="auto",
                extent=(begin_s, begin_s + result.seconds, 0.0, result.sample_rate / 2000.0),
                vmin=top - RANGE_DB,
                vmax=top,
                cmap="magma",
                interpolation="antialiased",
            )
            axis.set_title(name, fontsize=10)
            axis.set_xlabel("time in s", fontsize=9)
            axis.tick_params(labelsize=8)
        axes[0].set_ylabel("frequency in kHz", fontsize=9)
        strip.colorbar(mesh, ax=list(axes), label="dB", pad=0.01, fraction=0.03)


def _image(result: StudyResult, audio: F32) -> npt.NDArray[np.float64]:
    return spectrogram_db(audio[np.newaxis], result.sample_rate, _COLUMNS)


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
    for way, colour, style in (("gain", _GAIN, "-"), ("magnitude", _MAGNITUDE, "--")):
        points = [
            (row.iteration, getattr(row, way)[name])
            for row in result.samples
            if getattr(row, way).get(name) is not None
        ]
        if points:
            axis.plot(*zip(*points, strict=True), style, marker="o", ms=3, color=colour, label=way)
    noisy = result.rows[0].gain.get(name)
    if noisy is not None:
        axis.axhline(noisy, color=_NOISY, lw=1.0, label="noisy")
    _draw_stops(axis, result)
    axis.set_ylabel(_TITLES[name])
    axis.set_title(f"{_TITLES[name].partition(' ')[0]} (higher is better)", loc="left", fontsize=10)
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
