"""Films and phone recordings for tests, made and looked at by the program ffmpeg."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from recordings import write

PICTURE = ("-f", "lavfi", "-i", "testsrc=duration=1.2:size=64x48:rate=25")


def needs_films() -> None:
    """Skip the test if there is no ffmpeg to make films, or no PyAV to read them."""
    pytest.importorskip("av")
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")


def ffmpeg(*arguments: str | Path) -> bytes:
    """What it writes to standard output."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def noise(seconds: float = 1.0, rate: int = 44100, channels: int = 2) -> npt.NDArray[np.float64]:
    """Soft noise, unlike itself at any other time: a shift by one sample is seen."""
    rng = np.random.default_rng(7)
    raw = 0.1 * rng.standard_normal((channels, round(seconds * rate) + 8))
    return np.asarray(np.apply_along_axis(np.convolve, 1, raw, np.hanning(9) / 4.0, "valid"))


def sound_file(folder: Path, rate: int = 44100, channels: int = 2, subtype: str = "PCM_16") -> Path:
    """A second and a bit of `noise` as WAV: no whole number of frames of any codec."""
    return write(folder / f"noise_{rate}_{channels}.wav", noise(1.0731, rate, channels), rate, subtype)


def make_film(path: Path) -> None:
    """A short one with picture and sound."""
    needs_films()
    ffmpeg(*PICTURE, "-f", "lavfi", "-i", "sine=duration=1.2", "-c:v", "mpeg4", "-c:a", "aac", path)


def decoded(path: Path, track: int = 0, rate: int = 44100, channels: int = 2) -> npt.NDArray[np.float32]:
    """A track ``[channels, samples]`` as ffmpeg has it: from time 0 on, where its time stamps put it."""
    place = "aresample=async=1:first_pts=0:min_hard_comp=0.05"
    options = ("-map", f"0:a:{track}", "-af", place, "-f", "f32le", "-ar", str(rate), "-ac", str(channels))
    raw = ffmpeg("-copyts", "-i", path, *options, "-")
    return np.frombuffer(raw, np.float32).reshape(-1, channels).T


def shift(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> int:
    """Samples by which ``one [n]`` is later than ``other [m]``, by the maximum of their correlation."""
    size = 1 << (len(one) + len(other)).bit_length()
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    at = int(np.fft.irfft(product, size).argmax())
    return at if at < size // 2 else at - size


def packets(path: Path, tracks: str) -> list[tuple[int, str]]:
    """Milliseconds from the first one on, and the sum, of each packet of some tracks: ``0:v``, ``0:s``."""
    sums = ffmpeg("-copyts", "-i", path, "-map", tracks, "-c", "copy", "-f", "framemd5", "-")
    lines = sums.decode().splitlines()
    base = next(Fraction(line.split()[-1]) for line in lines if line.startswith("#tb 0:"))
    rows = [[cell.strip() for cell in line.split(",")] for line in lines if not line.startswith("#")]
    times = [float(1000 * base * int(row[2])) for row in rows]
    return [(round(time - times[0]), row[5]) for time, row in zip(times, rows, strict=True)]


def probe(path: Path) -> dict[str, Any]:
    """Everything that ffprobe says of a file."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-show_chapters", "-of", "json"]
    found = subprocess.run([*command, str(path)], check=True, stdout=subprocess.PIPE).stdout
    return dict(json.loads(found))
