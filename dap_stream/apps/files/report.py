"""Reports of what was done or would be done, as lines of text and as JSON. Nothing is measured here."""

from __future__ import annotations

from dataclasses import asdict

from dap_stream.apps.files.batch import Failure
from dap_stream.apps.files.damage import finding_values, total_values, totals_text
from dap_stream.apps.files.estimate import Estimate
from dap_stream.apps.files.job import Outcome
from dap_stream.core.finite import MAX_SAMPLE
from dap_stream.core.units import format_channels, format_seconds, gain_to_db
from dap_stream.core.version import __version__
from dap_stream.io.output_paths import shown_name
from dap_stream.processors.registry import PROCESSORS
from dap_stream.report.json_text import json_line
from dap_stream.report.memory import peak_memory_mb


def result_line(outcome: Outcome) -> str:
    """One line: what became of the recording."""
    record, names = outcome.record, outcome.job.names
    channels = format_channels(record.channels)
    done = [PROCESSORS[name].describe(settings) for name, settings in outcome.chain.processors]
    facts = [f"{format_seconds(record.seconds)} at {record.sample_rate} Hz", channels, *filter(None, done)]
    parts = [", ".join(facts), *totals_text(outcome), *outcome.remarks]
    # A repair changes the level of a few samples only: that says nothing.
    does_more = any(not PROCESSORS[name].repairs for name in outcome.chain.names)
    if record.reduction_db is not None and does_more:
        change = "raised" if record.reduction_db < 0.0 else "reduced"
        parts.append(f"{change} by {abs(record.reduction_db):.1f} dB on average")
    ratio = outcome.wall_s / record.seconds if record.seconds else 0.0
    parts.append(f"took {format_seconds(outcome.wall_s, 1)} ({ratio:.2f} of its length)")
    if names.removed is not None:
        parts.append(f"removed part in {names.removed}")
    if names.report is not None:
        parts.append(f"report in {names.report}")
    if names.labels is not None:
        parts.append(f"labels in {names.labels}")
    if outcome.job.save_profile is not None:
        parts.append(f"profile in {outcome.job.save_profile}")
    return f"{shown_name(names.source)} -> {shown_name(names.output)}: {'; '.join(parts)}"


def warnings(outcome: Outcome) -> list[str]:
    """Warnings about the audio, one line each."""
    record, texts = outcome.record, []
    name = shown_name(outcome.job.names.source)
    if record.non_finite:
        at = format_seconds(outcome.job.start_s + (record.first_non_finite_s or 0.0), 3)
        texts.append(
            f"{name}: {record.non_finite} samples are no sound (NaN, infinite or beyond {MAX_SAMPLE:g}), "
            f"the first at {at}; "
            "they were taken as silence"
        )
    if record.clipped:
        peak = gain_to_db(record.peak_out)
        texts.append(
            f"{name}: {record.clipped} samples of the result are beyond full scale (peak {peak:+.1f} dB) "
            f"and were clipped, since {outcome.file_format.subtype} ends there; use --wet or a float format"
        )
    if record.removed_clipped:
        texts.append(
            f"{name}: {record.removed_clipped} samples of the removed part were clipped; "
            "there result + removed is not the recording"
        )
    if outcome.job.names.removed is not None and outcome.file_format.is_lossy:
        texts.append(f"{name}: is in a lossy format, so result + removed is the recording only nearly")
    return texts


def result_json(outcome: Outcome) -> str:
    """The same, and all settings, as one line of JSON."""
    return json_line(result_values(outcome))


def result_values(outcome: Outcome) -> dict[str, object]:
    """The figures of `result_json` as plain values, for who sends them on."""
    names, file_format = outcome.job.names, outcome.file_format
    return {
        "input": names.source,
        "output": names.output or None,
        "removed": names.removed,
        "report": names.report,
        "labels": names.labels,
        "save_profile": outcome.job.save_profile,
        "start_s": outcome.job.start_s,
        "end_s": outcome.job.end_s,
        "container": file_format.container,
        "subtype": file_format.subtype,
        **asdict(outcome.record),
        "gain_db": outcome.gain_db,
        "learn_s": outcome.learn_s,
        "total_s": outcome.wall_s,
        "peak_memory_mb": peak_memory_mb(),
        "settings": outcome.chain.as_dict(),
        "found": total_values(outcome),
        "findings": finding_values(outcome),
        "remarks": list(outcome.remarks),
        "notes": [*outcome.notes, *warnings(outcome)],
        "version": __version__,
    }


def failure_json(failure: Failure) -> str:
    """A recording that was not cleaned, as one line of JSON."""
    names = failure.job.names
    return json_line(
        {
            "input": names.source,
            "output": names.output or None,
            "error": failure.message,
            "exit_status": failure.exit_status,
            "version": __version__,
        }
    )


def estimate_text(estimate: Estimate) -> str:
    """A dry run in some lines."""
    length = "of unknown length" if estimate.seconds is None else format_seconds(estimate.seconds)
    channels = format_channels(estimate.channels)
    lines = [
        f"{shown_name(estimate.source)} -> {shown_name(estimate.output)} (dry run: nothing is written)",
        f"  recording: {estimate.container} {estimate.subtype}, {estimate.sample_rate} Hz, "
        f"{channels}, {length}",
        f"  {settings_text(estimate.settings)}",
        f"  latency: {estimate.latency_ms:.0f} ms in a stream; a file is aligned with its recording",
    ]
    if estimate.removed is not None:
        lines.append(f"  removed part: {estimate.removed}")
    time = (
        "time unknown"
        if estimate.compute_s is None
        else f"about {format_seconds(estimate.compute_s)} on two cores"
    )
    disk = "" if estimate.disk_mb is None else f", {estimate.disk_mb:.1f} MB on the disk"
    lines.append(f"  estimate: {time}, about {estimate.memory_mb:.0f} MB of memory{disk}")
    return "\n".join([*lines, *(f"  note: {note}" for note in estimate.notes)])


def estimate_json(estimate: Estimate) -> str:
    """A dry run as one line of JSON."""
    return json_line({"dry_run": True, **asdict(estimate), "version": __version__})


def settings_text(chain: dict[str, dict[str, object]]) -> str:
    """All settings of each processor, those that differ from the default marked with a star."""
    texts = []
    for name, settings in chain.items():
        entry = PROCESSORS[name]
        defaults = asdict(entry.for_source(entry.settings(), True)[0])  # with what is left to the method
        marked = (f"{key}={value}{'' if value == defaults[key] else '*'}" for key, value in settings.items())
        texts.append(f"{name}: {' '.join(marked)}")
    return f"{'; '.join(texts)} (* not the default)"
