"""Recordings for tests, written by libsndfile alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

# Tests find it here, beside what it is asked about.
from dap_stream.dsp.metrics import si_sdr_db as si_sdr_db

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


def tone_in_noise(
    seconds: float = 4.0, rate: int = 8000, seed: int = 0, channels: int = 1
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A tone that comes and goes ``[n]``, and the same in noise ``[channels, n]``."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * 700 * t) * (np.sin(2 * np.pi * 0.7 * t) > 0)
    noise = 0.05 * rng.standard_normal((channels, len(t)))
    return tone.astype(np.float32), (tone + noise).astype(np.float32)
