"""Clean recordings that the bench damages, and how near a repair came to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from bench.audio import mix_rows

Samples = NDArray[np.float64]
GROUPS = ("speech", "music", "animal")
PEAK = 0.5


@dataclass(frozen=True)
class Clean:
    """A clean recording ``[n_samples]`` at its own rate, its peak at `PEAK`."""

    name: str
    group: str
    sample_rate: int
    audio: Samples


def clean_recordings(folder: Path, groups: Sequence[str] = GROUPS) -> Iterator[Clean]:
    """All signals of the mixes, each once, in mono and at the rate of its file."""
    seen = set()
    for row in mix_rows(folder):
        if row.group not in groups or row.signal in seen:
            continue
        seen.add(row.signal)
        audio, sample_rate = soundfile.read(folder / row.signal, dtype="float64", always_2d=True)
        mono = audio.mean(axis=1)[: round(row.seconds * sample_rate)]
        mono = mono - mono.mean()
        yield Clean(Path(row.signal).stem, row.group, sample_rate, mono * (PEAK / np.max(np.abs(mono))))


def snr_db(clean: Samples, other: Samples) -> float:
    """Signal to error, without any change of level allowed: the SDR of the surveys."""
    return float(10.0 * np.log10(np.sum(clean**2) / (np.sum((clean - other) ** 2) + 1e-20)))


def log_spectral_distance(
    clean: Samples, other: Samples, n_fft: int = 2048, floor_db: float = -60.0
) -> float:
    """Root mean square over bins of the difference in dB, mean over frames.

    Power below ``floor_db`` of the loudest bin of ``clean`` counts as being there.
    """
    hop = n_fft // 4
    window = np.hanning(n_fft + 1)[:-1]

    def power(audio: Samples) -> Samples:
        padded = np.pad(audio, (0, max(n_fft - len(audio), 0)))
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop] * window
        return np.asarray(np.abs(np.fft.rfft(frames)) ** 2)

    wanted, got = power(clean), power(other)
    least = wanted.max() * 10.0 ** (floor_db / 10.0) + 1e-20
    difference = 10.0 * np.log10(np.maximum(wanted, least) / np.maximum(got, least))
    return float(np.mean(np.sqrt(np.mean(difference**2, axis=1))))
