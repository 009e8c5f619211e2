"""The audio that the bench listens to: the mixes of `mixes.tsv` and the real pairs.

The README of the audio folder defines how a mix is made; this file does exactly that.
"""

from __future__ import annotations

import argparse
import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.float64]

FRAME_S = 0.02  # the frames that decide which part of a signal is active
PEAK_LIMIT = 0.99
MARK = "mixes.tsv"  # a folder without this file is not the audio folder


@dataclass(frozen=True)
class MixRow:
    """One line of `mixes.tsv`."""

    id: str
    signal: str
    noise: str
    noise_offset_s: float
    snr_db: float
    group: str
    seconds: float
    sample_rate: int


@dataclass(frozen=True)
class Example:
    """A noisy recording `[n_samples]` and the clean one that it should become, aligned."""

    id: str
    group: str
    noise: str
    sample_rate: int
    clean: Samples
    noisy: Samples


def add_audio_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--audio", type=Path, help="folder with mixes.tsv, or set DAP_BENCH_AUDIO")


def audio_folder(argument: Path | None) -> Path:
    """The folder given as `--audio` or in DAP_BENCH_AUDIO; without one the program ends with one line."""
    given = argument if argument is not None else os.environ.get("DAP_BENCH_AUDIO")
    if not given:
        raise SystemExit("bench: where is the audio? give --audio PATH or set DAP_BENCH_AUDIO")
    folder = Path(given)
    if not (folder / MARK).is_file():
        raise SystemExit(f"bench: no {MARK} in {folder}: give --audio PATH or set DAP_BENCH_AUDIO")
    return folder


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def resample(audio: NDArray[np.floating], old_rate: int, new_rate: int) -> Samples:
    """`[n_samples]` at `old_rate` Hz to `[n_samples * new_rate / old_rate]` at `new_rate` Hz, by soxr."""
    same = np.asarray(audio, dtype=np.float64)
    return same if old_rate == new_rate else np.asarray(soxr.resample(same, old_rate, new_rate))


def read_mono(path: Path, sample_rate: int) -> Samples:
    """The whole file `[n_samples]`, its channels averaged, resampled to `sample_rate` Hz."""
    audio, own_rate = soundfile.read(path, dtype="float64", always_2d=True)
    return resample(audio.mean(axis=1), own_rate, sample_rate)


def repeated(audio: Samples, start: int, n_samples: int) -> Samples:
    """`[n_samples]` of `audio` from `start` on; where it ends it goes on at its beginning."""
    return audio[(start + np.arange(n_samples)) % len(audio)]


def active_power(audio: Samples, sample_rate: int) -> float:
    """Mean square over the 20 ms frames whose energy is above the median frame's.

    The frames stand one after the other; an incomplete last one is dropped.
    """
    frame = round(FRAME_S * sample_rate)
    n_frames = len(audio) // frame
    power = np.mean(audio[: n_frames * frame].reshape(n_frames, frame) ** 2, axis=1)
    return float(np.mean(power[power > np.percentile(power, 50)]))


def mix(clean: Samples, noise: Samples, snr_db: float, sample_rate: int) -> tuple[Samples, Samples]:
    """Signals `[n_samples]` to `(clean, noisy)`, each `[n_samples]`, at `snr_db`; peak at most 0.99."""
    clean = clean - clean.mean()
    noise = noise - noise.mean()
    wanted = active_power(clean, sample_rate) / 10.0 ** (snr_db / 10.0)
    noisy = clean + noise * np.sqrt(wanted / np.mean(noise**2))
    peak = float(np.max(np.abs(noisy)))
    scale = PEAK_LIMIT / peak if peak > PEAK_LIMIT else 1.0
    return clean * scale, noisy * scale


def mix_rows(folder: Path) -> list[MixRow]:
    return [
        MixRow(
            id=row["id"],
            signal=row["signal"],
            noise=row["noise"],
            noise_offset_s=float(row["noise_offset_s"]),
            snr_db=float(row["snr_db"]),
            group=row["group"],
            seconds=float(row["seconds"]),
            sample_rate=int(row["sample_rate"]),
        )
        for row in read_table(folder / MARK)
    ]


def clean_signal(folder: Path, row: MixRow) -> Samples:
    """The signal of one mix by itself: mono, its first `seconds`, mean subtracted."""
    signal = read_mono(folder / row.signal, row.sample_rate)[: round(row.seconds * row.sample_rate)]
    return np.asarray(signal - signal.mean())


def make_mix(folder: Path, row: MixRow) -> Example:
    signal = clean_signal(folder, row)
    noise = read_mono(folder / row.noise, row.sample_rate)
    noise = repeated(noise, round(row.noise_offset_s * row.sample_rate), len(signal))
    clean, noisy = mix(signal, noise, row.snr_db, row.sample_rate)
    return Example(row.id, row.group, Path(row.noise).stem, row.sample_rate, clean, noisy)


def pair_ids(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix("_clean.flac") for path in (folder / "pairs").glob("*_clean.flac"))


def read_pair(folder: Path, pair_id: str) -> Example:
    """One real recording with its clean twin, as it is in the folder."""
    noisy, sample_rate = soundfile.read(folder / "pairs" / f"{pair_id}_noisy.flac", dtype="float64")
    clean, _ = soundfile.read(folder / "pairs" / f"{pair_id}_clean.flac", dtype="float64")
    return Example(pair_id, "pair", "real", sample_rate, clean, noisy)
