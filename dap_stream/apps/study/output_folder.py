"""The folder of a study: names, sounds, tables. Each file appears complete or not at all."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from dap_stream.apps.study.results import StudyResult
from dap_stream.core.array_types import F32
from dap_stream.core.version import __version__
from dap_stream.errors import OutputError, SettingError
from dap_stream.io import output_paths
from dap_stream.io.file_set import write_whole
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat
from dap_stream.report.json_text import json_page
from dap_stream.report.memory import peak_memory_mb

NOISY, CLEAN = "noisy.wav", "clean.wav"
DAMAGED, REFERENCE, PLAIN = "damaged.wav", "reference.wav", "plain.wav"
CURVE, STOPS, SUMMARY, PICTURE = "curve.csv", "stops.csv", "study.json", "study.png"
RESUME = "resume.pt"
_NAMES = (RESUME, NOISY, CLEAN, DAMAGED, REFERENCE, PLAIN, CURVE, STOPS, SUMMARY, PICTURE)
_SAMPLE = re.compile(r"(i\d{5,7}_(gain|magnitude|filled|made)|stop_(holdout|variance))\.wav")


def sample_name(iteration: int, way: str) -> str:
    """File of a sample.

    >>> sample_name(50, "gain")
    'i00050_gain.wav'
    """
    return f"i{iteration:05d}_{way}.wav"


def stop_name(rule: str) -> str:
    """File of the sound where a rule stops."""
    return f"stop_{rule}.wav"


def default_folder(source: str) -> Path:
    """Beside the recording."""
    path = Path(source)
    return path.with_name(f"{path.stem}_study")


def make_folder(folder: Path, inputs: Sequence[str]) -> None:
    """Have the folder; SettingError if a recording that is read lies in it, where it could be replaced."""
    for name in inputs:
        if os.path.dirname(os.path.realpath(name)) == os.path.realpath(folder):
            raise SettingError(f"{name}: is in the folder of the study, {folder}; choose another one with -o")
    output_paths.make_folder(folder)


def own_files(folder: Path) -> list[Path]:
    """Files that a study has written there; the one that another run goes on from comes first.

    OutputError if there are such names without a study: those are somebody else's.
    """
    files = [folder / name for name in _NAMES if (folder / name).is_file()]
    try:
        files += sorted(path for path in folder.iterdir() if _SAMPLE.fullmatch(path.name))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be looked into ({error.strerror}); choose another folder with -o"
        ) from error
    if files and not any(path.name in (RESUME, SUMMARY) for path in files):
        raise OutputError(f"{folder}: has a {files[0].name} but no study; choose another folder with -o")
    return files


def remove_results(folder: Path) -> None:
    """Remove what an earlier study has left, but for all that the new one goes on from."""
    try:
        for path in own_files(folder):
            if path.name != RESUME:
                path.unlink()
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be cleared ({error.strerror}); choose another folder with -o"
        ) from error


def write_bytes(path: Path, content: bytes) -> None:
    """All or nothing; OutputError if it cannot be."""
    write_whole(path, content, "free space or choose another folder with -o")


def write_sound(path: Path, audio: F32, sample_rate: int) -> None:
    """``[samples]`` as a WAV of floats: what lies above full scale is scored, so it is heard too."""
    with FileSink(path, FileFormat("WAV", "FLOAT", sample_rate, 1), len(audio)) as sink:
        sink.write(audio[np.newaxis])
        sink.commit()


def read_sound(path: Path) -> F32:
    """The same back ``[samples]``."""
    with FileSource(path) as source:
        assert source.n_samples is not None
        return np.asarray(source.read(source.n_samples)[0], np.float32)


def write_tables(result: StudyResult) -> None:
    """`CURVE`, `STOPS` and, with all there is, `SUMMARY`."""
    write_bytes(result.folder / CURVE, _csv([row.flat(result.task) for row in result.rows]))
    stops = [stop.flat(result.task, result.rows) for stop in result.stops]
    write_bytes(result.folder / STOPS, _csv(stops))
    write_bytes(result.folder / SUMMARY, json_page(summary(result)).encode())


def summary(result: StudyResult) -> dict[str, Any]:
    """Everything, by name, for JSON."""
    settings = {**asdict(result.settings), "samples": list(result.settings.kept), "device": result.device}
    return {
        "version": __version__,
        "input": result.source,
        "reference": result.reference,
        "folder": str(result.folder),
        "settings": settings,
        "sample_rate": result.sample_rate,
        "seconds": result.seconds,
        "iterations": result.iterations,
        "is_complete": result.is_complete,
        "best": {"iteration": result.best, "by": result.best_by},
        "rows": [row.flat(result.task) for row in result.rows],
        "stops": [stop.flat(result.task, result.rows) for stop in result.stops],
        "trace": [
            dict(zip(("iteration", "train_loss", "heldout_loss", "moving_variance"), point, strict=True))
            for point in result.trace
        ],
        "fit_s": result.fit_s,
        "s_per_iteration": result.fit_s / result.iterations if result.iterations else None,
        "peak_memory_mb": peak_memory_mb(),
        "notes": list(result.notes),
    }


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    return "" if value is None else str(value)
