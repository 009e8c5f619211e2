"""The page of a job that was done: what there is to see and to hear, read from the finished files again."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from dap_stream.apps.files.job import Outcome
from dap_stream.apps.files.job_ends import open_source
from dap_stream.apps.files.report import warnings
from dap_stream.apps.files.report_damage import found_kinds
from dap_stream.apps.files.report_places import Place, Segment, held, most_taken, reduction_db
from dap_stream.apps.files.report_survey import PARTS, Survey, survey
from dap_stream.core.array_types import F64
from dap_stream.core.finite import finite
from dap_stream.core.streams import SeekableSource, read_up_to
from dap_stream.core.units import db_to_gain, format_channels, format_seconds, gain_to_db, seconds_to_samples
from dap_stream.core.version import __version__
from dap_stream.dsp.loudness import STEP_S
from dap_stream.errors import InputError
from dap_stream.io.browser_audio import peak_scale, to_mp3
from dap_stream.io.file_set import write_whole
from dap_stream.io.open_audio import open_audio
from dap_stream.io.pipe import PipeSource
from dap_stream.report.memory import peak_memory_mb
from dap_stream.report.numbers import NONE, one_digit
from dap_stream.report.page_text import page_text
from dap_stream.report.report_values import Figure, Listened, PlaceRow, ReportValues

_LOUDEST_DB = -0.5  # a part is raised no further than its peak to here
_PACKAGES = ("numpy", "scipy", "numba", "torch", "soundfile")


def write_report(outcome: Outcome) -> None:
    """Write the page to where the job's names say; whole or not at all."""
    path = outcome.job.names.report
    assert path is not None, "only a job that names a report gets one"
    text = page_text(report_values(outcome))
    # Names of files need not be text.
    write_whole(Path(path), text.encode("utf-8", "backslashreplace"), force=outcome.job.force)


def report_values(outcome: Outcome) -> ReportValues:
    """Read recording and result again; InputError if one of them is no longer there.

    Parameters
    ----------
    outcome
        Of a job from one file to another.

    Returns
    -------
    ReportValues
        What the page shows.
    """
    job = outcome.job
    with open_source(job) as before, open_audio(job.names.output) as after:
        if isinstance(before, PipeSource) or before.channels != after.channels:
            raise InputError(
                f"{job.names.output}: is no longer the result of {job.names.source}; clean it again"
            )
        gain = db_to_gain(outcome.gain_db)
        found = survey(before, after, outcome.record.n_samples, gain)
        dry, wet, removed = (found.parts[name].powers for name in PARTS)
        wet = wet / gain**2  # as it was before its loudness was set, to see what was taken
        places = most_taken(dry, wet, removed, found.seconds)
        segments = held(places, found.seconds)
        sounds = _sounds(before, after, segments, gain)
    gains = equal_gains(found)
    parts = [
        Listened(name, sounds[name], found.parts[name].picture, found.parts[name].lufs, *gains[name])
        for name in PARTS
    ]
    reduction = reduction_db(dry, wet)
    return ReportValues(
        Path(job.names.source).name,
        _summary(outcome),
        found.seconds,
        found.sample_rate,
        _figures(outcome, found),
        outcome.remarks,
        parts,
        [(segment.start_s, segment.seconds) for segment in segments],
        _sound_note(found, segments),
        np.arange(len(reduction), dtype=np.float64) * STEP_S,
        _smooth(reduction, found.seconds),
        [_row(place) for place in places],
        outcome.curves,
        _tables(outcome),
        [*outcome.notes, *warnings(outcome)],
        found_kinds(outcome, segments),
    )


def _row(place: Place) -> PlaceRow:
    return PlaceRow(place.start_s, place.seconds, place.removed_lufs, place.reduction_db)


def _sounds(
    before: SeekableSource, after: SeekableSource, segments: list[Segment], gain: float
) -> dict[str, bytes]:
    """The segments one behind the other, as MP3; all parts softer by the same if one would clip."""
    rate = before.sample_rate
    pieces = []
    for source in (before, after):
        heard = []
        for segment in segments:
            source.seek(seconds_to_samples(segment.start_s, rate))
            n = seconds_to_samples(segment.seconds, rate)
            audio = np.asarray(finite(read_up_to(source, n)), np.float64)
            heard.append(np.pad(audio, ((0, 0), (0, n - audio.shape[1]))))
        pieces.append(np.concatenate(heard, axis=1))
    dry, wet = pieces
    sounds: dict[str, F64] = dict(zip(PARTS, (dry, wet, dry - wet / gain), strict=True))
    scale = peak_scale(max(float(np.abs(sound).max(initial=0.0)) for sound in sounds.values()))
    return {name: to_mp3(scale * sound, rate) for name, sound in sounds.items()}


def equal_gains(found: Survey) -> dict[str, tuple[float, bool]]:
    """Gain in dB to the loudness of the softer of before and after; whether a peak is in the way of it."""
    loudness = {name: found.parts[name].lufs for name in PARTS}
    known = [loudness[name] for name in PARTS[:2]]
    target = min((each for each in known if each is not None), default=None)
    gains = {}
    for name, lufs in loudness.items():
        peak = found.parts[name].peak
        wanted = 0.0 if target is None or lufs is None else target - lufs
        most = _LOUDEST_DB - gain_to_db(peak) if peak > 0.0 else 0.0
        gains[name] = (min(wanted, max(most, 0.0)), wanted > max(most, 0.0))
    return gains


def _smooth(values: F64, seconds: float) -> F64:
    """Means over a little time, so that the line can be followed by the eye."""
    n = max(round(max(0.4, seconds / 300.0) / STEP_S), 1)
    if len(values) <= n:
        return values
    padded = np.pad(values, (n // 2, n - 1 - n // 2), mode="edge")
    return np.convolve(padded, np.full(n, 1.0 / n), "valid")


def _summary(outcome: Outcome) -> str:
    record = outcome.record
    channels = format_channels(record.channels)
    length = format_seconds(record.seconds)
    return f"{length} at {record.sample_rate} Hz, {channels}, {outcome.file_format.subtype}"


def _sound_note(found: Survey, segments: list[Segment]) -> str:
    mixed = "" if found.channels <= 2 else f" The {found.channels} channels are mixed to one."
    if len(segments) == 1 and segments[0].seconds >= found.seconds - STEP_S:
        return f"The whole recording can be heard.{mixed}"
    total = sum(segment.seconds for segment in segments)
    return (
        f"Of this long recording the {len(segments)} places in the table can be heard "
        f"({format_seconds(total)} together); they are marked above the time line.{mixed}"
    )


def _figures(outcome: Outcome, found: Survey) -> list[Figure]:
    record = outcome.record
    before, after = (found.parts[name].lufs for name in PARTS[:2])
    reduced = NONE if record.reduction_db is None else f"{record.reduction_db:.1f} dB"
    loudness = f"{one_digit(before)} to {one_digit(after)} LUFS"
    overs = f"{record.clipped} samples over full scale"
    memory = peak_memory_mb()
    return [
        Figure("Reduced by", reduced, "on average"),
        Figure("Loudness", f"{one_digit(after)} LUFS", loudness),
        Figure("Peak", f"{_db(record.peak_out)} dBFS", f"{_db(record.peak_in)} before"),
        Figure("Overs", str(record.clipped), overs if record.clipped else "nothing clipped"),
        Figure("Time", format_seconds(outcome.wall_s, 1), f"{_ratio(outcome):.2f} of its length"),
        Figure("Memory", NONE if memory is None else f"{memory:.0f} MB", "at most, whole program"),
    ]


def _ratio(outcome: Outcome) -> float:
    return outcome.wall_s / outcome.record.seconds if outcome.record.seconds else 0.0


def _db(peak: float) -> str:
    return one_digit(gain_to_db(peak) if peak > 0.0 else None)


def _tables(outcome: Outcome) -> dict[str, list[tuple[str, str]]]:
    """Files, settings of each processor, and what it ran on; names of files without their folders."""
    names, job = outcome.job.names, outcome.job
    files = [("Recording", names.source), ("Result", names.output), ("Removed", names.removed)]
    told = [(key, os.path.basename(value)) for key, value in files if value is not None]
    if job.start_s or job.end_s is not None:
        end = "its end" if job.end_s is None else format_seconds(job.end_s, 3)
        told.append(("Part", f"{format_seconds(job.start_s, 3)} to {end}"))
    told.append(("Format", f"{outcome.file_format.container} {outcome.file_format.subtype}"))
    tables = {"Files": told}
    for name, settings in outcome.chain.as_dict().items():
        tables[f"Settings of {name}"] = [(key, _setting(value)) for key, value in settings.items()]
    tables["Versions"] = [
        ("dap_stream", __version__),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in _PACKAGES),
        ("System", f"{platform.system()} {platform.machine()}"),
    ]
    tables["Time"] = [
        ("Learning", format_seconds(outcome.learn_s, 1)),
        ("Cleaning", format_seconds(outcome.record.wall_s, 1)),
        ("All", format_seconds(outcome.wall_s, 1)),
    ]
    return tables


def _setting(value: object) -> str:
    return "as the method has it" if value is None else str(value)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not known"
