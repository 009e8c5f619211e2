"""A report as one HTML file that needs nothing else: no network, no folder beside it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dap_stream.core.units import format_seconds
from dap_stream.report.curve import curve_svg, ticks
from dap_stream.report.json_text import plain
from dap_stream.report.numbers import one_digit, signed
from dap_stream.report.page_found import found_marks, found_section
from dap_stream.report.png import level_png
from dap_stream.report.report_values import Figure, Listened, PlaceRow, ReportValues

FOLDER = Path(__file__).parent / "page"
_RANGE_DB = 75.0
_NAMES = {"before": "Before", "after": "After", "removed": "Removed"}


def page_text(values: ReportValues) -> str:
    """The whole page."""
    top = max(float(np.percentile(part.picture_db, 99.8)) for part in values.parts)
    filled = {
        "title": html.escape(values.title),
        "summary": html.escape(values.summary),
        "warnings": _list("warnings", values.warnings),
        "remarks": _list("remarks", values.remarks),
        "figures": "".join(_figure(each) for each in values.figures),
        "switch": "".join(_choice(i, part) for i, part in enumerate(values.parts)),
        "sound_note": html.escape(values.sound_note),
        "pictures": "".join(_picture(part, values, top) for part in values.parts),
        "time_axis": _time_axis(values.seconds),
        "reduction": curve_svg(values.reduction_s, values.reduction_db, _reduction_label(values), "dB")
        if len(values.reduction_s) > 1
        else "<p>Too short for a curve.</p>",
        "marks": found_marks(values),
        "found": found_section(values),
        "places": "".join(_place(i, place) for i, place in enumerate(values.places)),
        "curves": _curves(values),
        "tables": _tables(values.tables),
        "length": f"{values.seconds:.3f}",
    }
    return fill("page.html", {**filled, "data": _data(values)})


def fill(name: str, filled: Mapping[str, str]) -> str:
    """A template of this folder with style and script put in, then what stands in ``{{double braces}}``."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    files = {"style": "page.css", "script": "page.js"}
    own = {key: (FOLDER / file).read_text(encoding="utf-8") for key, file in files.items()}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: {**own, **filled}[found[1]], text)


def _data(values: ReportValues) -> str:
    """Values for the script, in a form that ends no script element."""
    parts = [
        {
            "name": part.name,
            "gain_db": part.gain_db,
            "mp3": base64.b64encode(part.mp3).decode(),
        }
        for part in values.parts
    ]
    data = {"seconds": values.seconds, "segments": list(values.segments), "parts": parts}
    return json.dumps(plain(data), allow_nan=False).replace("<", "\\u003c")


def _list(kind: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f'<ul class="{kind}">{"".join(f"<li>{html.escape(line)}</li>" for line in lines)}</ul>'


def _figure(figure: Figure) -> str:
    return (
        f"<div><dt>{html.escape(figure.name)}</dt><dd><strong>{html.escape(figure.value)}</strong>"
        f"<span>{html.escape(figure.detail)}</span></dd></div>"
    )


def _choice(i: int, part: Listened) -> str:
    gain = signed(f"{part.gain_db:+.1f} dB")
    limit = ", limited by its peak" if part.is_limited else ""
    return (
        f'<label><input type="radio" name="part" value="{i}"{" checked" if i == 1 else ""}>'
        f"<span><b>{_NAMES[part.name]}</b><small><kbd>{i + 1}</kbd>"
        f'<i class="gain">{gain}{limit}</i></small></span></label>'
    )


def _picture(part: Listened, values: ReportValues, top: float) -> str:
    data = base64.b64encode(level_png(part.picture_db, top - _RANGE_DB, top)).decode()
    name = _NAMES[part.name]
    highest = values.sample_rate / 2000.0
    marks = "".join(
        f'<span style="bottom:{mark / highest * 100:.2f}%">{mark:g}</span>' for mark in ticks(0.0, highest, 4)
    )
    lufs = "silent" if part.lufs is None else f"{one_digit(part.lufs)} LUFS"
    return (
        f'<div class="lane" data-part="{part.name}"><h3>{name} <small>{lufs}</small></h3>'
        f'<div class="plot"><div class="y-axis" aria-hidden="true">{marks}<em>kHz</em></div>'
        f'<img src="data:image/png;base64,{data}" alt="Spectrogram of the sound {_ALT[part.name]}, '
        f'0 to {highest:g} kHz, {format_seconds(values.seconds)} long">'
        f'<i class="cursor"></i></div></div>'
    )


_ALT = {"before": "before cleaning", "after": "after cleaning", "removed": "that was removed"}


def _time_axis(seconds: float) -> str:
    marks = "".join(
        f'<span style="left:{mark / max(seconds, 1e-9) * 100:.2f}%">{_clock(mark, seconds)}</span>'
        for mark in ticks(0.0, seconds, 8)
    )
    return f'<div class="x-axis" aria-hidden="true">{marks}</div>'


def _clock(at_s: float, seconds: float) -> str:
    return f"{at_s:g} s" if seconds < 60.0 else format_seconds(at_s)


def _reduction_label(values: ReportValues) -> str:
    low, high = float(values.reduction_db.min()), float(values.reduction_db.max())
    mean = values.reduction_db.mean()
    return f"Reduction over time, from {low:.1f} to {high:.1f} dB, {mean:.1f} dB on average"


def _place(i: int, place: PlaceRow) -> str:
    start = format_seconds(place.start_s, 1)
    level = one_digit(place.removed_lufs)
    return (
        f'<tr><td class="number">{i + 1}</td><td class="number">{start}</td>'
        f'<td class="number">{place.seconds:.1f} s</td><td class="number">{level} LUFS</td>'
        f'<td class="number">{place.reduction_db:.1f} dB</td>'
        f'<td><button type="button" class="place" data-start="{place.start_s:.3f}" '
        f'data-seconds="{place.seconds:.3f}" aria-label="Play place {i + 1}, at {start}">Play</button>'
        "</td></tr>"
    )


def _curves(values: ReportValues) -> str:
    if not values.curves:
        return "<p>Nothing was fitted, or no record of it was kept.</p>"
    return "".join(
        f"<figure><figcaption>{html.escape(curve.title)} <small>loss by {html.escape(curve.x_title)}, "
        f"lower is better</small></figcaption>"
        f'<div class="plot">{curve_svg(curve.x, curve.losses, _curve_label(curve.losses), "loss")}</div>'
        f'<div class="x-ends" aria-hidden="true"><span>{curve.x[0]:g}</span>'
        f"<span>{curve.x[-1]:g} {html.escape(curve.x_title)}</span></div></figure>"
        for curve in values.curves
    )


def _curve_label(losses: Sequence[float]) -> str:
    return f"Loss, from {losses[0]:.3g} at the start to {losses[-1]:.3g} at the end"


def _tables(tables: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    return "".join(
        f"<table><caption>{html.escape(name)}</caption><tbody>"
        + "".join(
            f'<tr><th scope="row">{html.escape(key)}</th><td>{html.escape(value)}</td></tr>'
            for key, value in rows
        )
        + "</tbody></table>"
        for name, rows in tables.items()
    )
