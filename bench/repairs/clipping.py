"""Clipped recordings, repaired by dap_stream, ffmpeg's adeclip and a plain A-SPADE."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from bench.repairs.a_spade import a_spade
from bench.repairs.signals import Clean, Samples, clean_recordings, snr_db
from bench.results import number, table
from dap_stream.core.arrays import ArraySource
from dap_stream.core.units import db_to_gain, gain_to_db
from dap_stream.processors.declip.declip import Declip
from dap_stream.processors.declip.model import DeclipModel
from dap_stream.processors.declip.settings import EFFORTS, DeclipSettings

INPUT_SDR_DB = (3.0, 7.0, 15.0)
CUT_S, FOUND_S = 0.7, 1.0
NAMES = (  # of the recordings that the slow peer is compared on
    "vctk48_multi",
    "ls_1926",
    "ls_302",
    "piano",
    "dog_a",
    "songbird",
)
SPEED_RATE, SPEED_S = 48000, 30.0


@dataclass(frozen=True)
class Method:
    """A way to repair ``(clipped, ceiling, sample_rate)``, and what it took."""

    name: str
    repair: Callable[[Samples, float, int], Samples]


def clipped_at(clean: Samples, sdr_db: float) -> float:
    """Ceiling at which clipping leaves this much signal to distortion."""
    low, high = 0.0, float(np.max(np.abs(clean)))
    for _ in range(40):
        middle = 0.5 * (low + high)
        if snr_db(clean, np.clip(clean, -middle, middle)) < sdr_db:
            low = middle
        else:
            high = middle
    return high


def by_us(effort: str = "normal", is_live: bool = False) -> Callable[[Samples, float, int], Samples]:
    """We find the ceiling ourselves; for files in a first pass."""

    def repair(clipped: Samples, ceiling: float, sample_rate: int) -> Samples:
        model = DeclipModel()
        if not is_live:
            model.survey(ArraySource(clipped[None], sample_rate))
        processor = Declip(sample_rate, 1, DeclipSettings(effort=effort), model, is_live)
        out = np.concatenate((processor.process(clipped[None]), processor.flush()), axis=1)
        return np.asarray(out[0, processor.latency :])

    return repair


def by_adeclip(clipped: Samples, ceiling: float, sample_rate: int) -> Samples:
    """It finds clipping at full scale, so that is where it gets the ceiling."""
    raw = (clipped * (0.999 / ceiling)).astype("<f4").tobytes()
    form = ["-f", "f32le", "-ar", str(sample_rate), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", *form, "-i", "-", "-af", "adeclip", *form, "-"]
    out = np.frombuffer(subprocess.run(command, input=raw, capture_output=True, check=True).stdout, "<f4")
    return np.asarray(np.resize(out, len(clipped)) * (ceiling / 0.999), np.float64)


def by_a_spade(clipped: Samples, ceiling: float, sample_rate: int) -> Samples:
    """It is told the ceiling. Full scale is where the published threshold wants it."""
    return np.asarray(a_spade(clipped / (2.0 * ceiling), 0.5, sample_rate) * (2.0 * ceiling))


US = Method("dap_stream", by_us())
METHODS = (
    US,
    Method("fast", by_us("fast")),
    Method("live", by_us(is_live=True)),
    Method("adeclip", by_adeclip),
    Method("A-SPADE", by_a_spade),
)


def cut(clean: Clean, seconds: float = CUT_S) -> Samples:
    """The loudest stretch of it."""
    n_samples = min(round(seconds * clean.sample_rate), len(clean.audio))
    begin = int(np.argmax(np.abs(clean.audio))) - n_samples // 2
    return clean.audio[max(min(begin, len(clean.audio) - n_samples), 0) :][:n_samples]


def compared(folder: Path) -> str:
    """All methods on the same cuts."""
    cuts = [each for each in clean_recordings(folder) if each.name in NAMES]
    rows, took = [], dict.fromkeys((method.name for method in METHODS), 0.0)
    gains: dict[float, list[list[float]]] = {}
    for sdr_db in INPUT_SDR_DB:
        for clean in cuts:
            audio = cut(clean)
            ceiling = clipped_at(audio, sdr_db)
            clipped = np.clip(audio, -ceiling, ceiling)
            found = []
            for method in METHODS:
                began = time.perf_counter()
                out = method.repair(clipped, ceiling, clean.sample_rate)
                took[method.name] += time.perf_counter() - began
                found.append(snr_db(audio, out) - sdr_db)
            gains.setdefault(sdr_db, []).append(found)
            rows.append([f"{sdr_db:g} dB", clean.name, *(number(each, 1) for each in found)])
    for sdr_db, found_all in gains.items():
        rows.append(
            [f"**{sdr_db:g} dB**", "**mean**", *(number(each, 1) for each in np.mean(found_all, axis=0))]
        )
    seconds = CUT_S * len(cuts) * len(INPUT_SDR_DB)
    rows.append(["time / length", "", *(number(took[method.name] / seconds, 2) for method in METHODS)])
    means = {sdr_db: np.mean(found_all, axis=0) for sdr_db, found_all in gains.items()}
    behind = "; ".join(
        f"{sdr_db:g} dB: {number(float(mean[0] - mean[4]), 1, sign=True)} dB"
        for sdr_db, mean in means.items()
    )
    above = sum(found[0] > found[3] for found_all in gains.values() for found in found_all)
    n_all = sum(map(len, gains.values()))
    return (
        f"Improvement of the signal-to-distortion ratio in dB; cuts of {CUT_S:g} s at the loudest place, "
        "clipped to an input SDR of 3, 7 and 15 dB. A-SPADE is told the ceiling, adeclip gets it at full "
        "scale, we find it. `dap_stream` is the default effort with a first pass, `live` the live processor."
        "\n\n"
        + table(("input", "recording", *(method.name for method in METHODS)), rows).replace(
            "| ---: | ---: |", "| --- | ---: |", 1
        )
        + f"\nGoal: within .5 dB of A-SPADE in the mean ({behind}), at 10 times its speed "
        f"({took['A-SPADE'] / took[US.name]:.0f} times), above adeclip everywhere ({above} of {n_all}).\n"
    )


def found_alone(folder: Path) -> str:
    """Whole recordings: what the detection finds of what was clipped, and what else."""
    rows = []
    for sdr_db in (7.0, 25.0):
        right, wrong, n_cut, gains, n_all = 0, 0, 0, [], 0
        for clean in clean_recordings(folder):
            audio = cut(clean, FOUND_S)
            ceiling = clipped_at(audio, sdr_db)
            gain = db_to_gain(-3.2)  # somebody turned it down, and stored it as 16 bits
            clipped = np.round(gain * np.clip(audio, -ceiling, ceiling) * 2.0**15) / 2.0**15
            out = by_us("fast")(clipped, ceiling, clean.sample_rate)
            is_cut, is_changed = np.abs(audio) >= ceiling, out != clipped
            right, wrong = right + int((is_changed & is_cut).sum()), wrong + int((is_changed & ~is_cut).sum())
            n_cut += int(is_cut.sum())
            n_all += len(audio)
            gains.append(snr_db(gain * audio, out) - snr_db(gain * audio, clipped))
        rows.append(
            [
                f"{sdr_db:g} dB",
                number(100.0 * right / n_cut, 1),
                number(1e6 * wrong / n_all, 0),
                number(float(np.mean(gains)), 1),
                number(float(np.min(gains)), 1),
            ]
        )
    return (
        f"All recordings ({FOUND_S:g} s of each), clipped, turned down by 3.2 dB and stored with 16 bits; "
        "effort `fast`. Samples below the ceiling by two steps of the integers or less are among the others."
        "\n\n"
        + table(("input", "clipped samples repaired, %", "others, per million", "mean dB", "worst dB"), rows)
    )


def untouched(folder: Path) -> str:
    """Clean recordings that come back bit for bit, and those that do not, with what was found."""
    paths = sorted(
        path for kind in ("speech", "music", "animal", "pairs") for path in (folder / kind).glob("*.flac")
    )
    n_same, others = 0, []
    for path in paths:
        audio, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
        audio = audio.T
        model = DeclipModel()
        model.survey(ArraySource(audio, sample_rate))
        processor = Declip(sample_rate, len(audio), DeclipSettings(), model)
        out = np.concatenate((processor.process(audio), processor.flush()), axis=1)[:, processor.latency :]
        if np.array_equal(out, audio):
            n_same += 1
            continue
        texts = sorted({each.text for each in processor.findings})
        peak = gain_to_db(float(np.abs(audio).max()))
        others.append(
            f"{path.parent.name}/{path.stem} ({np.count_nonzero(out != audio)} samples, "
            f"{processor.findings.count} peaks {', '.join(texts[:3])}; its peak is {peak:.1f} dBFS)"
        )
    told = f" The others: {'; '.join(others)}." if others else ""
    return (
        "Recordings of speech, music, animals and the pairs as they are, in two passes: "
        f"{n_same} of {len(paths)} come back bit for bit.{told}\n"
    )


def speed() -> str:
    """Time on made-up sound, over its length."""
    rng = np.random.default_rng(0)
    times = np.arange(round(SPEED_RATE * SPEED_S)) / SPEED_RATE
    audio = sum(
        np.sin(2 * np.pi * hz * times + 3 * np.sin(2 * np.pi * hz / 97 * times))
        for hz in (110.0, 277.0, 660.0)
    )
    audio = 0.1 * audio + 0.01 * rng.standard_normal(len(times))
    rows = []
    for name, part in (("clean", 0.0), ("1 % of the time clipped", 0.01), ("all of it clipped (7 dB)", 1.0)):
        n_clipped = round(part * SPEED_RATE)  # of each second
        is_clipped = np.arange(len(audio)) % SPEED_RATE < n_clipped
        ceiling = clipped_at(audio[:SPEED_RATE], 7.0)
        damaged = np.where(
            is_clipped, np.clip(audio, -ceiling, ceiling), np.where(n_clipped, 0.5, 1.0) * audio
        )
        seconds = SPEED_S if part < 1.0 else 3.0
        damaged = damaged[: round(seconds * SPEED_RATE)]
        row = [name]
        for effort in EFFORTS[:2]:
            began = time.perf_counter()
            by_us(effort)(damaged, ceiling, SPEED_RATE)
            row.append(number((time.perf_counter() - began) / seconds, 3))
        began = time.perf_counter()
        by_us(is_live=True)(damaged, ceiling, SPEED_RATE)
        rows.append([*row, number((time.perf_counter() - began) / seconds, 3)])
    latency = Declip(SPEED_RATE, 1, is_live=True).latency_ms
    return (
        f"Time over length, {SPEED_RATE // 1000} kHz, one channel, both passes; goal: at most .02. "
        f"Live, the latency is {latency:.0f} ms.\n\n" + table(("", *EFFORTS[:2], "live"), rows)
    )


def section(folder: Path) -> str:
    """All of it, in Markdown."""
    return "\n".join((compared(folder), found_alone(folder), untouched(folder), speed()))
