"""Gaps that are made here, filled by dap_stream, by ffmpeg, by a straight line and by a plain Janssen."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from bench.repairs.signals import GROUPS, Clean, Samples, clean_recordings, log_spectral_distance, snr_db
from bench.results import number, table
from dap_stream.core.arrays import process_array
from dap_stream.processors.inpaint.inpaint import Inpaint
from dap_stream.processors.inpaint.settings import InpaintSettings

LENGTHS_MS = (5, 20, 50, 100, 300)
SHORT_MS = 50  # up to here the goal is that of an autoregressive model
LONG_GOAL_DB = 1.0
MIN_LEVEL_DB = -20.0  # of a gap's true sound, beside that of the recording: filling silence tells nothing
PRIOR_RECORDINGS = 3  # of each group, one gap each: it takes seconds
MOST_CLEAN_S = 60.0

JANSSEN_CONTEXT_S, JANSSEN_ORDER_S, JANSSEN_ROUNDS = 0.1, 0.02, 3
Gaps = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Damaged:
    clean: Clean
    audio: Samples
    gaps: Gaps


def damaged(clean: Clean, ms: float) -> Damaged:
    """One gap of zeros a second, at a random place where there is sound; 16 bits."""
    rng = np.random.default_rng(round(ms))
    audio = np.round(clean.audio * 32768.0) / 32768.0
    rate, n_gap = clean.sample_rate, round(ms * clean.sample_rate / 1000)
    least = np.sqrt(np.mean(audio**2)) * 10.0 ** (MIN_LEVEL_DB / 20.0)
    gaps = []
    for second in range(1, len(audio) // rate - 1):
        for start in second * rate + rng.integers(0, rate - n_gap, 20):
            if np.sqrt(np.mean(audio[start : start + n_gap] ** 2)) > least:
                gaps.append((int(start), int(start) + n_gap))
                break
    holed = audio.copy()
    for start, end in gaps:
        holed[start:end] = 0.0
    return Damaged(clean, holed, gaps)


def linear(item: Damaged) -> Samples:
    out = item.audio.copy()
    for start, end in item.gaps:
        out[start - 1 : end + 1] = np.linspace(out[start - 1], out[end], end - start + 2)
    return out


def janssen(item: Damaged) -> Samples:
    """Janssen, Veldhuis & Vries (1986): model and samples in turn, from zeros, by autocorrelations."""
    out, rate = item.audio.copy(), item.clean.sample_rate
    around, order = round(JANSSEN_CONTEXT_S * rate), round(JANSSEN_ORDER_S * rate)
    for start, end in item.gaps:
        low, high = max(start - around, 0), min(end + around, len(out))
        x, n, first = out[low:high], end - start, start - low
        for _ in range(JANSSEN_ROUNDS):
            size = 2 ** int(np.ceil(np.log2(2 * len(x))))
            r = np.fft.irfft(np.abs(np.fft.rfft(x, size)) ** 2)[: order + 1]
            r[0] *= 1.0 + 1e-9
            a = np.concatenate(([1.0], solve_toeplitz(r[:-1], -r[1:])))
            known = x.copy()
            known[first : first + n] = 0.0
            residual = np.pad(lfilter(a, 1.0, known), (0, order))[first : first + n + order]
            b = np.zeros(n)
            correlation = np.correlate(a, a, "full")[order : order + n]
            b[: len(correlation)] = correlation
            x[first : first + n] = solve_toeplitz(b, -np.correlate(residual, a, "valid"))
    return out


def adeclick(item: Damaged) -> Samples:
    """ffmpeg's filter as it is: with longer windows it takes minutes for seconds, and fills no more."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "in.wav"), Path(folder, "out.wav")
        soundfile.write(before, item.audio, item.clean.sample_rate, subtype="DOUBLE")
        command = ["ffmpeg", "-v", "error", "-i", str(before), "-af", "adeclick", "-c:a"]
        subprocess.run([*command, "pcm_f64le", str(after)], check=True)
        return np.asarray(soundfile.read(after)[0])[: len(item.audio)]


def ours(method: str) -> Callable[[Damaged], Samples]:
    """Told where the gaps are, as the line and Janssen are."""

    def fill(item: Damaged) -> Samples:
        rate = item.clean.sample_rate
        marks = ",".join(f"{start / rate:.7f}-{end / rate:.7f}" for start, end in item.gaps)
        settings = InpaintSettings(method=method, marks=marks, find=False)
        return np.asarray(process_array(Inpaint(rate, 1, settings), item.audio))

    return fill


PEERS: Mapping[str, Callable[[Damaged], Samples]] = {
    "straight line": linear,
    "Janssen": janssen,
    "dap_stream, autoregressive": ours("autoregressive"),
    "dap_stream, spectral": ours("spectral"),
    "**dap_stream, auto**": ours("auto"),
}


@dataclass(frozen=True)
class Score:
    sdr_db: float
    distance_db: float


def scores(item: Damaged, made: Samples) -> list[Score]:
    """Of each gap, inside it."""
    n_fft = 2 ** int(np.log2(0.032 * item.clean.sample_rate))
    truth = np.round(item.clean.audio * 32768.0) / 32768.0
    return [
        Score(
            snr_db(truth[start:end], made[start:end]),
            log_spectral_distance(truth[start:end], made[start:end], n_fft),
        )
        for start, end in item.gaps
    ]


def means(found: Sequence[Score]) -> tuple[float, float]:
    if not found:
        return float("nan"), float("nan")
    return float(np.mean([s.sdr_db for s in found])), float(np.mean([s.distance_db for s in found]))


Results = dict[tuple[str, int, str], list[Score]]  # way, ms, group


def filled(recordings: Sequence[Clean]) -> Results:
    results: Results = defaultdict(list)
    peers = dict(PEERS)
    if shutil.which("ffmpeg") is not None:
        peers["ffmpeg adeclick"] = adeclick
    for clean in recordings:
        for ms in LENGTHS_MS:
            item = damaged(clean, ms)
            for name, fill in peers.items():
                results[name, ms, clean.group] += scores(item, fill(item))
    return results


def filled_table(results: Results, quantity: int) -> str:
    """SDR (0) or distance (1): a row a way, a column a length and group."""
    names = list(dict.fromkeys(name for name, _, _ in results))
    header = ["", *(f"{ms} ms" for ms in LENGTHS_MS)]
    rows = [
        [
            name,
            *(
                " / ".join(number(means(results[name, ms, group])[quantity], 1) for group in GROUPS)
                for ms in LENGTHS_MS
            ),
        ]
        for name in names
    ]
    return table(header, rows)


def goals(results: Results) -> Iterator[str]:
    def over_all(name: str, ms: int) -> tuple[float, float]:
        return means([score for group in GROUPS for score in results[name, ms, group]])

    for ms in LENGTHS_MS:
        mine, plain = over_all("**dap_stream, auto**", ms), over_all("Janssen", ms)
        if ms <= SHORT_MS:
            gain = mine[0] - plain[0]
            told = f"SDR {number(gain, 1, sign=True)} dB beside Janssen"
            is_reached = gain >= 0.0
        else:
            gain = plain[1] - mine[1]
            told = f"log-spectral distance {number(-gain, 1, sign=True)} dB beside Janssen"
            is_reached = gain >= LONG_GOAL_DB
        yield f"- {ms} ms: {told}; goal {'reached' if is_reached else 'not reached'}"


def prior_table(recordings: Sequence[Clean]) -> str:
    """The deep prior beside the cheap way, in the same few gaps."""
    rows = []
    for ms in (each for each in LENGTHS_MS if each > SHORT_MS):
        found: dict[str, list[Score]] = defaultdict(list)
        seconds: dict[str, float] = defaultdict(float)
        for group in GROUPS:
            for clean in [each for each in recordings if each.group == group][:PRIOR_RECORDINGS]:
                item = damaged(clean, ms)
                item = Damaged(clean, item.audio, item.gaps[:1])
                for method in ("autoregressive", "spectral", "prior"):
                    began = time.process_time()
                    made = ours(method)(item)
                    seconds[method] += time.process_time() - began
                    found[method] += scores(item, made)
        for method, each in found.items():
            sdr_db, distance_db = means(each)
            per_gap = number(seconds[method] / len(each), 2)
            rows.append([f"{ms} ms, {method}", number(sdr_db, 1), number(distance_db, 1), per_gap])
    return table(["", "SDR, dB", "distance, dB", "s a gap"], rows)


def found_table(recordings: Sequence[Clean]) -> str:
    """Gaps that are found without being told, and what else is."""
    rows = []
    for ms in LENGTHS_MS:
        n_gaps, n_found, n_false, busy_s, length_s = 0, 0, 0, 0.0, 0.0
        for clean in recordings:
            item = damaged(clean, ms)
            processor = Inpaint(clean.sample_rate)
            began = time.process_time()
            process_array(processor, item.audio)
            busy_s += time.process_time() - began
            length_s += len(item.audio) / clean.sample_rate
            n_gaps += len(item.gaps)
            for finding in processor.findings:
                is_gap = any(abs(finding.start - start) <= 4 for start, _ in item.gaps)
                n_found, n_false = n_found + is_gap, n_false + (not is_gap)
        rows.append([f"{ms} ms", f"{n_found} of {n_gaps}", str(n_false), number(busy_s / length_s, 4)])
    return table(["one a second", "found", "something else", "time, of the length"], rows)


def clean_line(folder: Path) -> str:
    """False repairs and speed, on all that is in the folder."""
    n_files, n_changed, n_found, length_s, busy_s = 0, 0, 0, 0.0, 0.0
    for path in sorted(folder.rglob("*.flac")):
        with soundfile.SoundFile(path) as file:
            rate = file.samplerate
            audio = file.read(round(MOST_CLEAN_S * rate), dtype="float32", always_2d=True).T.copy()
        processor = Inpaint(rate, len(audio))
        began = time.process_time()
        made = process_array(processor, audio)
        busy_s += time.process_time() - began
        length_s += audio.shape[1] / rate
        n_files, n_found = n_files + 1, n_found + processor.findings.count
        n_changed += not np.array_equal(made, audio)
    return (
        f"Clean: {n_files} recordings of the folder, {length_s:.0f} s: {n_changed} changed, {n_found} gaps "
        f"found; {number(busy_s / length_s, 4)} of their length.\n"
    )


def section(folder: Path) -> str:
    """Tables and what they show, in Markdown."""
    recordings = list(clean_recordings(folder))
    process_array(Inpaint(16000), np.zeros(16000))  # kernels compile
    results = filled(recordings)
    groups = ", ".join(GROUPS)
    return "\n".join(
        (
            f"{len(recordings)} recordings, a gap of zeros a second where there is sound, 16 bits. All but "
            "ffmpeg are told where the gaps are. Inside the gaps only, mean over gaps; each cell: "
            f"{groups}.\n",
            "SDR, dB\n",
            filled_table(results, 0),
            "Log-spectral distance, dB, windows of 16 to 32 ms\n",
            filled_table(results, 1),
            "adeclick is an interpolator only where its residual detector fires: of a gap it takes the edges "
            "for clicks, and leaves the zeros between.\n"
            if shutil.which("ffmpeg")
            else "",
            *goals(results),
            "",
            f"The deep prior beside it, {PRIOR_RECORDINGS} gaps of each group:\n",
            prior_table(recordings),
            "Found without being told:\n",
            found_table(recordings),
            clean_line(folder),
        )
    )
