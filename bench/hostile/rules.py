"""Rules that a run must not break, whatever it was given."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import soundfile

from bench.hostile.forked import Run

MOST_MEMORY = 10**9  # bytes
# Zeros at the end are not counted: they may be room that was taken beforehand and not used.
# Samples by which decoders differ at the ends of lossy streams.
LOSSY_ENDS = 4000


def files_in(folder: Path) -> dict[str, bytes]:
    """Everything in it, hidden files too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def broken(run: Run) -> list[str]:
    """Rules about how it ends: one line and a status, no traceback, no hang, no flood of memory."""
    found = []
    if run.hung:
        return ["hang"]
    if run.status < 0:
        found.append(f"ended by signal {-run.status}")
    if "Traceback" in run.err or "please report" in run.err:
        found.append("traceback")
    if run.memory > MOST_MEMORY:
        found.append(f"memory of {run.memory / 1e6:.0f} MB")
    if run.status > 0 and ": error:" not in run.err:
        found.append("no line that says what is wrong")
    return found


def broken_by_files(
    run: Run, before: dict[str, bytes], after: dict[str, bytes], targets: Iterable[str]
) -> list[str]:
    """Rules about files: after an error nothing has changed, and nothing else than targets ever."""
    wanted = set() if run.status else set(targets)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return [f"{name} was changed" for name in sorted(changed - wanted)]


def silent_loss(run: Run, source: Path, result: Path) -> list[str]:
    """A result, without a warning, that is shorter than what other decoders find in the source."""
    if run.status or "warning" in run.err or not result.exists():
        return []
    try:
        with soundfile.SoundFile(os.fsencode(result)) as file:
            n_result, rate, channels = file.frames, file.samplerate, file.channels
    except soundfile.LibsndfileError:
        return ["a result that cannot be read"]
    slack = LOSSY_ENDS if result.suffix not in (".wav", ".aiff", ".au", ".caf", ".w64", ".flac") else 0
    found = []
    for name, length in (
        ("libsndfile", _length_by_libsndfile(source)),
        ("ffmpeg", _length_by_ffmpeg(source)),
    ):
        if length is None or length[1:] != (rate, channels):
            continue
        allowed = max(slack, LOSSY_ENDS if source.suffix in (".mp3", ".ogg", ".opus") else 0)
        if length[0] > n_result + allowed + 64:
            found.append(f"silent loss: {n_result} of {length[0]} samples ({name})")
    return found


def _length_by_libsndfile(path: Path) -> tuple[int, int, int] | None:
    try:
        with soundfile.SoundFile(os.fsencode(path)) as file:
            n_read = length = 0
            for block in file.blocks(65536, always_2d=True):
                sounding = block.any(axis=1).nonzero()[0]
                length = n_read + int(sounding[-1]) + 1 if len(sounding) else length
                n_read += len(block)
            return length, file.samplerate, file.channels
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError, MemoryError):
        return None


def _length_by_ffmpeg(path: Path) -> tuple[int, int, int] | None:
    if shutil.which("ffmpeg") is None:
        return None
    argv = [
        "ffmpeg",
        "-v",
        "quiet",
        "-i",
        str(path),
        "-f",
        "wav",
        "-c:a",
        "pcm_s16le",
        "-fflags",
        "+bitexact",
        "-",
    ]
    try:
        data = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=60, check=False
        ).stdout
    except subprocess.TimeoutExpired:
        return None
    at = data.find(b"data")
    if at < 0:
        return None
    channels, rate = struct.unpack("<HI", data[22:28])
    return len(data[at + 8 :].rstrip(b"\0")) // (2 * max(channels, 1)), rate, channels
