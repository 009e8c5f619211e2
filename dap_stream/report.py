"""What was done or would be done, as lines of text and as JSON. Nothing is measured here."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, fields
from typing import Any

from dap_stream import __version__
from dap_stream.batch import Failure
from dap_stream.job import Outcome
from dap_stream.naming import PIPE
from dap_stream.plan import Plan
from dap_stream.settings import Settings
from dap_stream.units import format_seconds, gain_to_db


def result_line(outcome: Outcome) -> str:
    """One line: what became of the recording."""
    record, names = outcome.record, outcome.job.names
    channels = f"{record.channels} channel{'s' if record.channels > 1 else ''}"
    passes = f"{outcome.settings.passes} pass{'es' if outcome.settings.passes > 1 else ''}"
    parts = [f"{format_seconds(record.seconds)} at {record.sample_rate} Hz, {channels}, {passes}"]
    if record.reduction_db is not None:
        parts.append(f"reduced by {record.reduction_db:.1f} dB on average")
    ratio = outcome.wall_s / record.seconds if record.seconds else 0.0
    parts.append(f"took {format_seconds(outcome.wall_s, 1)} ({ratio:.2f} of its length)")
    if names.removed is not None:
        parts.append(f"removed part in {names.removed}")
    if outcome.job.save_profile is not None:
        parts.append(f"profile in {outcome.job.save_profile}")
    return f"{_name(names.source)} -> {_name(names.output)}: {'; '.join(parts)}"


def _name(path: str) -> str:
    return "(pipe)" if path == PIPE else path


def warnings(outcome: Outcome) -> list[str]:
    """What the user should know about the audio, one line each."""
    record, found = outcome.record, []
    name = _name(outcome.job.names.source)
    if record.non_finite:
        at = format_seconds(record.first_non_finite_s or 0.0, 3)
        found.append(
            f"{name}: {record.non_finite} samples are no numbers (NaN or infinite), the first at {at}; "
            "they were taken as silence"
        )
    if record.clipped:
        peak = gain_to_db(record.peak_out)
        found.append(
            f"{name}: {record.clipped} samples of the result are beyond full scale (peak {peak:+.1f} dB) "
            f"and were clipped, since {outcome.file_format.subtype} ends there; use --wet or a float format"
        )
    if record.removed_clipped:
        found.append(
            f"{name}: {record.removed_clipped} samples of the removed part were clipped; "
            "there result + removed is not the recording"
        )
    if outcome.job.names.removed is not None and outcome.file_format.is_lossy:
        found.append(f"{name}: is in a lossy format, so result + removed is the recording only nearly")
    return found


def result_json(outcome: Outcome) -> str:
    """The same, and all settings, as one line of JSON."""
    names, file_format = outcome.job.names, outcome.file_format
    return _json(
        {
            "input": names.source,
            "output": names.output,
            "removed": names.removed,
            "save_profile": outcome.job.save_profile,
            "start_s": outcome.job.start_s,
            "end_s": outcome.job.end_s,
            "container": file_format.container,
            "subtype": file_format.subtype,
            **asdict(outcome.record),
            "learn_s": outcome.learn_s,
            "total_s": outcome.wall_s,
            "peak_memory_mb": peak_memory_mb(),
            "settings": asdict(outcome.settings),
            "notes": [*outcome.notes, *warnings(outcome)],
            "version": __version__,
        }
    )


def failure_json(failure: Failure) -> str:
    """A recording that was not cleaned, as one line of JSON."""
    names = failure.job.names
    return _json(
        {
            "input": names.source,
            "output": names.output,
            "error": failure.message,
            "exit_status": failure.exit_status,
            "version": __version__,
        }
    )


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, allow_nan=False)


def peak_memory_mb() -> float | None:
    """Largest memory that this process has had; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def plan_text(plan: Plan) -> str:
    """A dry run in some lines."""
    length = "of unknown length" if plan.seconds is None else format_seconds(plan.seconds)
    channels = f"{plan.channels} channel{'s' if plan.channels > 1 else ''}"
    lines = [
        f"{_name(plan.source)} -> {_name(plan.output)} (dry run: nothing is written)",
        f"  recording: {plan.container} {plan.subtype}, {plan.sample_rate} Hz, {channels}, {length}",
        f"  settings: {settings_text(plan.settings)}",
        f"  latency: {plan.latency_ms:.0f} ms in a stream; a file is aligned with its recording",
    ]
    if plan.removed is not None:
        lines.append(f"  removed part: {plan.removed}")
    time = (
        "time unknown" if plan.compute_s is None else f"about {format_seconds(plan.compute_s)} on two cores"
    )
    disk = "" if plan.disk_mb is None else f", {plan.disk_mb:.1f} MB on the disk"
    lines.append(f"  estimate: {time}, about {plan.memory_mb:.0f} MB of memory{disk}")
    return "\n".join([*lines, *(f"  note: {note}" for note in plan.notes)])


def plan_json(plan: Plan) -> str:
    """A dry run as one line of JSON."""
    return _json({"dry_run": True, **asdict(plan), "version": __version__})


def settings_text(settings: dict[str, object]) -> str:
    """All settings, those that differ from the default marked with a star."""
    defaults = {item.name: item.default for item in fields(Settings)}
    marked = (f"{key}={value}{'' if value == defaults[key] else '*'}" for key, value in settings.items())
    return " ".join(marked) + " (* not the default)"
