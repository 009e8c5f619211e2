"""Recordings for tests, written by libsndfile alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile  # type: ignore[import-untyped]  # it has annotations but no py.typed

# The same as what a user would say, but done in a moment: no network.
FAST = ("--set", "generator=classical")


def sound(
    seconds: float = 1.0, sample_rate: int = 16000, channels: int = 1, seed: int = 0
) -> npt.NDArray[np.float64]:
    """A tone that comes and goes, in noise: ``[channels, samples]``, the noise different in each channel."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    tone = 0.25 * np.sin(2.0 * np.pi * 440.0 * time) * (np.sin(2.0 * np.pi * 1.7 * time) > 0.0)
    return np.asarray(tone + 0.05 * rng.standard_normal((channels, len(time))))


def write(
    path: Path,
    audio: npt.NDArray[np.float64] | None = None,
    sample_rate: int = 16000,
    subtype: str = "PCM_16",
) -> Path:
    """``audio [channels, samples]``, or one second of `sound`, as a file."""
    samples = sound(sample_rate=sample_rate) if audio is None else audio
    soundfile.write(path, samples.T, sample_rate, subtype)
    return path


def read(path: Path, dtype: str = "float64") -> npt.NDArray[np.float64]:
    """All samples ``[channels, samples]``."""
    samples: npt.NDArray[np.float64] = soundfile.read(path, dtype=dtype, always_2d=True)[0].T
    return samples


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Everything in a folder, hidden files too; None for folders and what cannot be read."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def tone_in_noise(seconds=4.0, rate=8000, seed=0, channels=1):
    """A tone that comes and goes ``[n]``, and the same in noise ``[channels, n]``."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 700 * t) * (np.sin(2 * np.pi * 0.7 * t) > 0)
    noise = 0.05 * rng.standard_normal((channels, len(t)))
    return tone.astype(np.float32), (tone + noise).astype(np.float32)


def si_sdr_db(estimate, clean):
    """Scale-invariant signal-to-distortion ratio of ``[n]`` (Le Roux et al. 2019)."""
    part = np.dot(estimate, clean) / np.dot(clean, clean) * clean
    return 10 * np.log10(np.sum(part**2) / np.sum((estimate - part) ** 2))
