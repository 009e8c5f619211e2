"""Missing highs: recordings cut at a limit, as they are, and with highs made up."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bench.metrics import pesq_wb
from bench.repairs.signals import Clean, Samples, clean_recordings, log_spectral_distance
from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.processors.bandwidth.bandwidth import Bandwidth
from dap_stream.processors.bandwidth.model import BandwidthModel
from dap_stream.processors.bandwidth.survey import survey

LIMITS_HZ = (4000, 8000)
MP3_RATE, MP3_KBITS = 44100, (64, 32)
FLOORS_DB = (-60.0, -80.0, -100.0)  # below the loudest bin: what is softer counts as being there
FULL_SCALE = 2**15
SPEED_S, SPEED_RATE = 300, 48000

INTRODUCTION = """\
Each recording is brought to a lower rate and back by soxr, which is the peer, and rounded to 16 bits; or it
goes through an MP3. Log-spectral distance in dB, soxr or MP3 → with highs (ratio of both): bins softer than
60, 80 or 100 dB below the loudest bin count as being there; 100 dB is about the rounding of 16 bits. WB-PESQ
of speech. Goals: ratio .7, PESQ not below. Where no limit is found, or one above 14 kHz, nothing is changed.
"""


@dataclass(frozen=True)
class Row:
    """Figures of one recording: of the cut one, and of the one with highs."""

    group: str
    is_filled: bool
    distances: tuple[tuple[float, float], ...]  # at each of `FLOORS_DB`
    pesq: tuple[float, float] | None


def repaired(audio: Samples, sample_rate: int) -> tuple[Samples, bool]:
    """As a file is, and whether anything was made up."""
    rows = np.atleast_2d(audio)
    plans = survey(ArraySource(rows, sample_rate))
    processor = Bandwidth(sample_rate, len(rows), model=BandwidthModel(plans))
    out = process_array(processor, rows)
    return np.asarray(out.reshape(audio.shape), np.float64), len(processor.findings) > 0


def rounded(audio: Samples) -> Samples:
    return np.asarray(np.round(audio * FULL_SCALE) / FULL_SCALE)


def upsampled(clean: Clean, limit_hz: int) -> Samples:
    """From a lower rate by soxr, which is the peer: what any converter gives. In 16 bits."""
    low = soxr.resample(clean.audio, clean.sample_rate, 2 * limit_hz)
    audio = soxr.resample(low, 2 * limit_hz, clean.sample_rate)
    return rounded(np.resize(np.pad(audio, (0, 8)), len(clean.audio)))


def as_mp3(clean: Clean, kbit: int) -> Samples:
    """There and back by ffmpeg, in 16 bits; LAME's delay is told in its header, and ffmpeg takes it off."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("in.wav", "a.mp3", "out.wav")]
        soundfile.write(paths[0], clean.audio, clean.sample_rate, "PCM_16")
        for before, after, options in (
            (paths[0], paths[1], ("-b:a", f"{kbit}k")),
            (paths[1], paths[2], ("-c:a", "pcm_s16le")),
        ):
            subprocess.run(["ffmpeg", "-v", "error", "-i", before, *options, after], check=True)
        audio, _ = soundfile.read(paths[2], dtype="float64")
    return np.asarray(np.pad(audio, (0, max(len(clean.audio) - len(audio), 0)))[: len(clean.audio)])


def row_of(clean: Clean, damaged: Samples) -> Row:
    out, is_filled = repaired(damaged, clean.sample_rate)
    distances = tuple(
        (
            log_spectral_distance(clean.audio, damaged, floor_db=floor_db),
            log_spectral_distance(clean.audio, out, floor_db=floor_db),
        )
        for floor_db in FLOORS_DB
    )
    pesq = None
    if clean.group == "speech":
        before, after = (pesq_wb(clean.audio, each, clean.sample_rate) for each in (damaged, out))
        pesq = before, after
    group = f"{clean.group}, {'16' if clean.sample_rate <= 16000 else '44.1 or 48'} kHz"
    return Row(group, is_filled, distances, pesq)


def table(title: str, rows: list[Row]) -> Iterator[str]:
    yield f"| {title} | filled | " + " | ".join(f"below {-f:.0f} dB" for f in FLOORS_DB) + " | PESQ |"
    yield "|---|---:|" + "---:|" * (len(FLOORS_DB) + 1)
    for group in dict.fromkeys(row.group for row in rows):
        some = [row for row in rows if row.group == group]
        cells = []
        for i in range(len(FLOORS_DB)):
            before, after = np.mean([row.distances[i] for row in some], axis=0)
            cells.append(f"{before:.2f} → {after:.2f} ({after / before:.2f})")
        scores = np.array([row.pesq for row in some if row.pesq is not None])
        worse = int(np.sum(scores[:, 1] < scores[:, 0] - 0.005)) if len(scores) else 0
        pesq = f"{scores[:, 0].mean():.2f} → {scores[:, 1].mean():.2f}" if len(scores) else ""
        pesq += f" ({worse} of {len(scores)} lower)" if worse else ""
        filled = f"{sum(row.is_filled for row in some)} of {len(some)}"
        yield f"| {group} | {filled} | " + " | ".join(cells) + f" | {pesq} |"
    yield ""


def tables(folder: Path) -> Iterator[str]:
    recordings = list(clean_recordings(folder))
    cases: list[tuple[str, int, Callable[[Clean], Samples]]] = [
        (
            f"{limit_hz // 1000} kHz",
            2 * limit_hz + 1,
            lambda clean, limit_hz=limit_hz: upsampled(clean, limit_hz),  # type: ignore[misc]
        )
        for limit_hz in LIMITS_HZ
    ]
    cases += [
        (
            f"MP3, {kbit} kbit/s, mono",
            MP3_RATE,
            lambda clean, kbit=kbit: as_mp3(clean, kbit),  # type: ignore[misc]
        )
        for kbit in MP3_KBITS
    ]
    for title, least_rate, damage in cases:
        some = [each for each in recordings if each.sample_rate >= least_rate]
        yield from table(title, [row_of(each, damage(each)) for each in some])


def false_repairs(folder: Path) -> str:
    """All recordings as they are: which are changed, and how many there are."""
    paths = sorted(path for path in folder.glob("*/*.flac") if "_noisy" not in path.name)
    changed = []
    for path in paths:
        audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        audio = np.ascontiguousarray(audio.T)
        limits = [plan.at(0) for plan in survey(ArraySource(audio, sample_rate))]
        out, is_filled = repaired(audio, sample_rate)
        if is_filled:
            at_khz = next((f" {each.end_hz / 1000:.1f}" for each in limits if each), "")
            changed.append(f"{path.stem}{at_khz}")
        else:
            assert np.array_equal(out, audio)
    return (
        f"Of {len(paths)} recordings as they are, {len(paths) - len(changed)} pass bit for bit; highs are "
        f"made up (above a limit in kHz) in {', '.join(changed)}."
    )


def speed() -> str:
    rng = np.random.default_rng(0)
    audio = rng.standard_normal(SPEED_S * SPEED_RATE) * 0.1
    low = soxr.resample(audio, SPEED_RATE, 16000)
    audio = rounded(soxr.resample(low, 16000, SPEED_RATE))[None].astype(np.float32)
    process_array(Bandwidth(SPEED_RATE), audio[:, : 5 * SPEED_RATE])  # warm
    begin = time.perf_counter()
    plans = survey(ArraySource(audio, SPEED_RATE))
    middle = time.perf_counter()
    process_array(Bandwidth(SPEED_RATE, model=BandwidthModel(plans)), audio)
    end = time.perf_counter()
    length = audio.shape[1] / SPEED_RATE
    return (
        f"Speed at 48 kHz, one channel, limit 8 kHz: {(end - begin) / length:.4f} of its length (first pass "
        f"{(middle - begin) / length:.4f}); goal .02."
    )


def section(folder: Path) -> str:
    """All of it, in Markdown."""
    return "\n".join((INTRODUCTION, *tables(folder), false_repairs(folder), "", speed(), ""))
