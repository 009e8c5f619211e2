"""Figures of two results, and which of them is the better one where that can be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dap_stream.apps.compare.alignment import (
    check_not_silent,
    offset_of,
    read_whole,
    shifted,
    to_rate,
)
from dap_stream.core.array_types import F64
from dap_stream.core.units import gain_to_db
from dap_stream.dsp.loudness import KWeighting, LoudnessMeter
from dap_stream.dsp.metrics import all_scores, log_spectral_distance_db, missing_packages

_FLOOR_PART = 10.0  # percent of the time that is the quietest: there is noise alone
_FLOOR_STEP_S = 0.05
_FULL_SCALE = 1.0 - 2.0**-15


@dataclass(frozen=True)
class Row:
    """One figure of both; ``better`` is 0 or 1, None where neither is or where it cannot be said."""

    key: str
    title: str
    unit: str
    values: tuple[float | None, float | None]
    better: int | None = None


@dataclass(frozen=True)
class Comparison:
    """All that was found; ``sounds`` are aligned, ``[channels, samples]`` at ``sample_rate``."""

    names: tuple[str, str]
    clean: str | None
    sample_rate: int
    seconds: float
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    sounds: dict[str, F64]


def compare(first: str, second: str, clean: str | None = None) -> Comparison:
    """Read the files, bring them together, and compare.

    Parameters
    ----------
    first, second
        Two results of one recording.
    clean
        The sound without noise, if there is one: only then better and worse can be told.

    Returns
    -------
    Comparison
        Figures, and notes on what had to be done to compare.
    """
    paths = [first, second, *([clean] if clean is not None else [])]
    read = [read_whole(path) for path in paths]
    for path, (audio, _) in zip(paths, read, strict=True):
        check_not_silent(path, audio)
    rate = max(rate for _, rate in read) if clean is None else read[2][1]
    notes = [
        f"{path}: {own} Hz, compared at {rate} Hz"
        for path, (_, own) in zip(paths, read, strict=True)
        if own != rate
    ]
    sounds = [to_rate(audio, own, rate) for audio, own in read]
    sounds, told = _one_shape(paths, sounds)
    notes += told
    sounds, told = _aligned(paths, sounds, rate)
    notes += told
    if clean is not None and (missing := missing_packages()):
        notes.append(f"more scores with: pip install {' '.join(missing)}")
    rows = [*_own_figures(sounds[:2], rate), _difference(sounds[0], sounds[1])]
    if clean is not None:
        rows += _scores(sounds, rate)
    named = dict(zip(("A", "B", "clean"), sounds, strict=False))
    return Comparison(
        (first, second), clean, rate, sounds[0].shape[1] / rate, tuple(rows), tuple(notes), named
    )


def _one_shape(paths: Sequence[str], sounds: list[F64]) -> tuple[list[F64], list[str]]:
    """With one number of channels: mixed to one if they differ."""
    counts = [len(each) for each in sounds]
    if len(set(counts)) == 1:
        return sounds, []
    told = ", ".join(f"{path} {n}" for path, n in zip(paths, counts, strict=True))
    return [each.mean(axis=0, keepdims=True) for each in sounds], [f"channels differ ({told}): mixed to one"]


def _aligned(paths: Sequence[str], sounds: list[F64], rate: int) -> tuple[list[F64], list[str]]:
    """On the time of the last one, the clean one if there is one, and of one length."""
    reference = sounds[-1].mean(axis=0)
    notes, moved = [], []
    for path, audio in zip(paths, sounds, strict=True):
        offset = 0 if audio is sounds[-1] else offset_of(audio.mean(axis=0), reference, rate)
        if offset:
            way = "late" if offset > 0 else "early"
            notes.append(f"{path}: {abs(offset)} samples ({abs(offset) / rate:.4f} s) {way}; moved to fit")
        moved.append(shifted(audio, offset))
    lengths = [each.shape[1] for each in moved]
    if max(lengths) > min(lengths):
        notes.append(f"lengths differ by {max(lengths) - min(lengths)} samples; compared over the shortest")
    return [each[:, : min(lengths)] for each in moved], notes


def _own_figures(sounds: Sequence[F64], rate: int) -> list[Row]:
    """Figures of each by itself; none of it says which is better."""
    table: list[tuple[str, str, str, Callable[[F64], float | None]]] = [
        ("level_db", "level (RMS)", "dBFS", lambda audio: _db(float(np.sqrt(np.mean(audio**2))))),
        ("peak_db", "peak", "dBFS", lambda audio: _db(float(np.abs(audio).max()))),
        ("loudness_lufs", "loudness", "LUFS", lambda audio: _loudness(audio, rate)),
        ("noise_floor_db", "noise floor", "dBFS", lambda audio: _noise_floor(audio, rate)),
        ("clipped", "at full scale", "samples", lambda audio: float(np.sum(np.abs(audio) >= _FULL_SCALE))),
    ]
    return [
        Row(key, title, unit, (measure(sounds[0]), measure(sounds[1]))) for key, title, unit, measure in table
    ]


def _difference(one: F64, other: F64) -> Row:
    level = _db(float(np.sqrt(np.mean((one - other) ** 2))))
    return Row("difference_db", "difference (RMS)", "dBFS", (level, level))


def _scores(sounds: Sequence[F64], rate: int) -> list[Row]:
    """Against the clean sound, all channels mixed."""
    one, other, wanted = (each.mean(axis=0) for each in sounds)
    found = [all_scores(each, wanted, rate) for each in (one, other)]
    distances = (log_spectral_distance_db(one, wanted, rate), log_spectral_distance_db(other, wanted, rate))
    titles = {"si_sdr_db": ("SI-SDR", "dB"), "pesq": ("PESQ", ""), "estoi": ("ESTOI", "")}
    pairs = {key: (found[0][key], found[1][key]) for key in titles}
    rows = [
        Row(key, *titles[key], values, _better(values, higher=True))
        for key, values in pairs.items()
        if values != (None, None)
    ]
    return [*rows, Row("lsd_db", "log-spectral distance", "dB", distances, _better(distances, higher=False))]


def _better(values: tuple[float | None, float | None], higher: bool) -> int | None:
    first, second = values
    if first is None or second is None or first == second:
        return None
    return int((second > first) == higher)


def _db(gain: float) -> float | None:
    return gain_to_db(gain) if gain > 0.0 else None


def _loudness(audio: F64, rate: int) -> float | None:
    meter = LoudnessMeter(rate)
    meter.add(KWeighting(rate, len(audio)).process(audio))
    return meter.lufs


def _noise_floor(audio: F64, rate: int) -> float | None:
    """Level of the quietest stretches: what is heard where nobody speaks."""
    n = max(round(_FLOOR_STEP_S * rate), 1)
    whole = audio.shape[1] // n * n
    if not whole:
        return None
    powers = np.mean(audio[:, :whole].reshape(len(audio), -1, n) ** 2, axis=(0, 2))
    return _db(float(np.sqrt(np.percentile(powers, _FLOOR_PART))))
