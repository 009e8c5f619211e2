"""Time and memory of each repair by itself, on two and ten minutes with damage of its kind."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator

from bench import results
from bench.audio import read_mono
from bench.repairs.signals import PEAK, Samples
from bench.speed import Cost, child

RATE = 48000
MINUTES = (2, 10)
PIECE_S = 60
GOAL = 0.02
KINDS = {
    "hum": "50 Hz and 29 harmonics, all the time",
    "clicks": "one a second, 1 ms",
    "gaps": "20 ms every 10 s, 200 ms every minute",
    "clipping": "the loudest 0.3 % of the samples",
    "bandwidth": "nothing above 8 kHz",
}


@functools.cache
def minute_of_hum() -> Samples:
    """A minute, which goes on at its beginning."""
    time_s = np.arange(PIECE_S * RATE) / RATE
    phase = 2.0 * np.pi * (50.0 * time_s + 0.02 * np.sin(2.0 * np.pi * time_s / 20.0))
    made = np.zeros(len(time_s))
    for harmonic in range(1, 31):
        made += np.sin(harmonic * phase + harmonic**2) / harmonic
    return 0.05 * made


def hum(audio: Samples, rng: Generator) -> Samples:
    return audio + minute_of_hum()


def clicks(audio: Samples, rng: Generator) -> Samples:
    made, length = audio.copy(), RATE // 1000
    for second in range(len(audio) // RATE):
        at = second * RATE + int(rng.integers(RATE - length))
        made[at : at + length] += 0.3 * rng.standard_normal(length) * np.exp(-np.arange(length) / 12.0)
    return made


def gaps(audio: Samples, rng: Generator) -> Samples:
    made = audio.copy()
    for at in range(5 * RATE, len(audio), 10 * RATE):
        made[at : at + RATE // 50] = 0.0
    made[31 * RATE : 31 * RATE + RATE // 5] = 0.0
    return made


def clipping(audio: Samples, rng: Generator) -> Samples:
    ceiling = np.quantile(np.abs(audio), 0.997)
    return np.clip(audio, -ceiling, ceiling)


def bandwidth(audio: Samples, rng: Generator) -> Samples:
    spectrum = np.fft.rfft(audio)
    spectrum[np.fft.rfftfreq(len(audio), 1.0 / RATE) > 8000.0] = 0.0
    return np.asarray(np.fft.irfft(spectrum, len(audio)))


DAMAGE: dict[str, Callable[[Samples, Generator], Samples]] = {
    "hum": hum,
    "clicks": clicks,
    "gaps": gaps,
    "clipping": clipping,
    "bandwidth": bandwidth,
}


def write_damaged(path: Path, kind: str, reading: Samples, minutes: int) -> None:
    """A reader over and over, damaged minute by minute."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for begin in range(0, minutes * 60, PIECE_S):
            places = (begin * RATE + np.arange(PIECE_S * RATE)) % len(reading)
            file.write(np.clip(DAMAGE[kind](reading[places], rng), -1.0, 1.0))


def measure(kind: str, reading: Samples, minutes: int, scratch: Path) -> Cost:
    recording = scratch / "damaged.wav"
    write_damaged(recording, kind, reading, minutes)
    work = ("repair", str(recording), f"--{kind}", "-o", str(scratch / "out.wav"), "--force", "-q")
    return child(("-m", "dap_stream", *work))


def section(folder: Path) -> str:
    """Tables and what they show, in Markdown."""
    reading = read_mono(folder / "long" / "reading_3080.flac", RATE)
    reading *= PEAK / np.max(np.abs(reading))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for kind, damage in KINDS.items():
            short, long = (measure(kind, reading, minutes, Path(name)) for minutes in MINUTES)
            # What it takes to start is the same for both.
            ratio = long.wall_s / (MINUTES[1] * 60.0)
            rows.append(
                [
                    f"{kind}: {damage}",
                    results.number(short.wall_s, 1),
                    results.number(long.wall_s, 1),
                    results.number(ratio, 4),
                    "yes" if ratio <= GOAL else "no",
                    *(results.number(cost.peak_bytes / 1e6, 0) for cost in (short, long)),
                ]
            )
            print(" | ".join(rows[-1]), flush=True)
    header = ["", *(f"{minutes} min, s" for minutes in MINUTES), "of its length", f"at most {GOAL:g}"]
    header += [f"{minutes} min, MB" for minutes in MINUTES]
    return (
        "`dap-stream repair IN --KIND` as a whole command, from a mono file at 48 kHz to a file, each once; "
        "a reader, over and over, damaged.\n\n" + results.table(header, rows)
    )
