"""Hum that the bench adds to clean recordings, and what notches, denoisers and `dehum` make of it."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from bench import methods, peers
from bench.audio import make_mix, mix_rows, read_mono, repeated
from bench.repairs.signals import Clean, Samples, clean_recordings
from bench.results import number, table
from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.dsp.metrics import si_sdr_db
from dap_stream.education.instruments.catalogue import INSTRUMENTS
from dap_stream.education.instruments.sustained import draw_organ
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.processors.dehum.dehum import Dehum
from dap_stream.processors.dehum.live import LiveDehum
from dap_stream.processors.dehum.settings import ALL, MAINS, DehumSettings
from dap_stream.processors.dehum.watcher import HumModel, survey
from dap_stream.processors.findings import Finding

RECORDINGS = ("ls_7800", "dctts_0008", "vctk_p227", "piano", "tabla")
SECONDS, LIVE_FROM_S = 18.0, 12.0
HZ, N_HARMONICS, DRIFT_HZ = 50.0, 30, 0.05
SNRS_DB = (0.0, 10.0)
MAINS_RECORDING = "noise/hum.flac"
RECORDED = (("ls_302", 0.0), ("piano", 10.0))
NOTCH_WIDTHS_HZ = (1, 2, 4, 8, 16)
GOAL_DB, GOAL_LOSS_DB = 6.0, 0.3
ORGAN_PIECES, ORGAN_S = 10, 30.0
SPEED_S = 120.0


def hum(rng: np.random.Generator, n_samples: int, sample_rate: int) -> Samples:
    """``[n_samples]``: `N_HARMONICS` of `HZ`, whose frequency takes a random walk."""
    seconds = np.arange(n_samples) / sample_rate
    knots = np.arange(0.0, n_samples / sample_rate + 4.0, 2.0)
    drift = np.interp(seconds, knots, np.cumsum(rng.standard_normal(len(knots))) * DRIFT_HZ / 2.0)
    phase = 2.0 * np.pi * np.cumsum(HZ + drift) / sample_rate
    out = np.zeros(n_samples)
    for harmonic in range(1, N_HARMONICS + 1):
        out += (
            rng.uniform(0.3, 1.0) / harmonic**0.7 * np.sin(harmonic * phase + rng.uniform(0.0, 2.0 * np.pi))
        )
    return out


def repaired(audio: Samples, sample_rate: int, tones: str = ALL) -> tuple[Samples, list[Finding]]:
    """``[n_samples]`` in two passes, and what was found."""
    settings, model = DehumSettings(tones), HumModel()
    survey(settings, model, ArraySource(audio[None], sample_rate), None)
    out = process_array(Dehum(sample_rate, 1, settings, model), audio[None])[0]
    return np.asarray(out, np.float64), list(model.findings or ())


def live(audio: Samples, sample_rate: int) -> Samples:
    return np.asarray(process_array(LiveDehum(sample_rate), audio[None])[0], np.float64)


def notched(audio: Samples, sample_rate: int, width_hz: int, folder: Path) -> Samples:
    """A notch for each harmonic."""
    source, target = folder / "in.wav", folder / "out.wav"
    soundfile.write(source, audio, sample_rate, subtype="DOUBLE")
    harmonics = [f"{HZ * each:g}" for each in range(1, N_HARMONICS + 1)]
    filters = ",".join(f"bandreject=f={each}:width_type=h:w={width_hz}" for each in harmonics)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-af", filters, "-c:a", "pcm_f64le"]
    subprocess.run([*command, str(target)], check=True)
    return np.asarray(soundfile.read(target)[0], np.float64)


def best_notch(clean: Samples, audio: Samples, sample_rate: int) -> tuple[float, int]:
    """SI-SDR of the best set of notches in dB, and its width in Hz: chosen with the clean one at hand."""
    with tempfile.TemporaryDirectory() as folder:
        return max(
            (si_sdr_db(notched(audio, sample_rate, width_hz, Path(folder)), clean), width_hz)
            for width_hz in NOTCH_WIDTHS_HZ
        )


def others(audio: Samples, sample_rate: int, with_denoiser: bool) -> Iterator[Samples | None]:
    """Today's denoiser, RNNoise, DeepFilterNet 3."""
    single = audio.astype(np.float32)
    denoiser = methods.METHODS["band-fast"]
    yield np.asarray(denoiser(single, sample_rate), np.float64) if with_denoiser else None
    for method in (peers.rnnoise, peers.deepfilternet):
        yield np.asarray(method(single, sample_rate), np.float64)


def row(
    name: str, clean: Samples, audio: Samples, sample_rate: int, with_denoiser: bool = True
) -> tuple[list[str], float]:
    """Of the table of SI-SDR, and how far we are above the best notches."""
    notch, width_hz = best_notch(clean, audio, sample_rate)
    ours, _ = repaired(audio, sample_rate)
    begin = round(LIVE_FROM_S * sample_rate)
    late = clean[begin:]
    ours_late = live_late = np.nan
    if len(late) > sample_rate:
        ours_late = si_sdr_db(ours[begin:], late)
        live_late = si_sdr_db(live(audio, sample_rate)[begin:], late)
    ours_db = si_sdr_db(ours, clean)
    figures = [si_sdr_db(audio, clean), notch]
    figures += [
        np.nan if each is None else si_sdr_db(each, clean)
        for each in others(audio, sample_rate, with_denoiser)
    ]
    cells = [number(each, 1) for each in figures]
    cells[1] += f" ({width_hz} Hz)"
    return [
        name,
        *cells,
        f"**{number(ours_db, 1)}**",
        number(ours_late, 1),
        number(live_late, 1),
    ], ours_db - notch


def quality(folder: Path) -> str:
    recordings = {each.name: each for each in clean_recordings(folder, ("speech", "music"))}
    rows, above = [], []
    for index, name in enumerate(RECORDINGS):
        clean = recordings[name]
        n_samples = round(SECONDS * clean.sample_rate)
        audio = repeated(clean.audio, 0, n_samples)
        added = hum(np.random.default_rng(index), n_samples, clean.sample_rate)
        added *= np.sqrt(np.mean(audio**2) / np.mean(added**2))
        for snr_db in SNRS_DB:
            noisy = audio + added * 10.0 ** (-snr_db / 20.0)
            cells, gain = row(f"{name}, {snr_db:g} dB", audio, noisy, clean.sample_rate, snr_db == 0.0)
            rows.append(cells)
            above.append(gain)
    real = []
    for name, snr_db in RECORDED:
        clean = recordings[name]
        audio = repeated(clean.audio, 0, round(SECONDS * clean.sample_rate))
        added = repeated(read_mono(folder / MAINS_RECORDING, clean.sample_rate), 0, len(audio))
        added *= np.sqrt(np.mean(audio**2) / np.mean(added**2)) * 10.0 ** (-snr_db / 20.0)
        cells, gain = row(f"{name}, recorded mains, {snr_db:g} dB", audio, audio + added, clean.sample_rate)
        rows.append(cells)
        real.append(gain)
    (mix,) = (each for each in mix_rows(folder) if each.noise == MAINS_RECORDING)
    example = make_mix(folder, mix)
    cells, gain = row(f"mix {mix.id}, recorded mains", example.clean, example.noisy, mix.sample_rate)
    rows.append(cells)
    real.append(gain)
    header = (
        *("SI-SDR, dB", "damaged", "best notches (width)", "denoiser, fast", "RNNoise", "DFN 3"),
        *("**dehum**", f"from {LIVE_FROM_S:g} s on", "live, from then on"),
    )
    is_reached = min(above) >= GOAL_DB
    text = (
        f"{HZ:g} Hz with {N_HARMONICS} harmonics, a random walk of {DRIFT_HZ / 2:g} Hz each 2 s, added to "
        f"{SECONDS:g} s (short recordings repeated); the last rows have a recording of mains. The notches "
        f"(ffmpeg's; sox gives the same) are told the frequency, and get the best of "
        f"{len(NOTCH_WIDTHS_HZ)} widths for each recording, chosen by the result; dehum finds "
        "all by itself.\n\n"
        + table(header, rows)
        + f"\nGoal: {GOAL_DB:g} dB above the best notches. Made hum: {number(min(above), 1, True)} to "
        f"{number(max(above), 1, True)} dB, {'reached' if is_reached else 'not reached'}."
    )
    text += (
        f" Recorded mains: {number(min(real), 1, True)} to {number(max(real), 1, True)} dB, "
        f"{'reached' if min(real) >= GOAL_DB else 'not reached'}: its lines at 50, 150 and 250 Hz change "
        "their amplitude and phase several times a second, and a tenth of its power is no line at all."
    )
    return text + "\n"


def loss_db(before: Samples, after: Samples) -> float:
    return float(10.0 * np.log10(np.mean(before**2) / np.mean(after**2)))


def music_losses(recordings: list[Clean]) -> str:
    """What clean music loses, with both settings."""

    def made(index: int) -> Samples:
        return INSTRUMENTS["organ"](np.random.default_rng(index), round(ORGAN_S * SAMPLE_RATE)).astype(
            np.float64
        )

    def drone(index: int) -> Samples:
        rng = np.random.default_rng(index)
        return draw_organ(rng)(rng, 98.0, ORGAN_S).astype(np.float64)

    sounds = {
        "recordings of instruments": [(each.audio, each.sample_rate) for each in recordings],
        f"{ORGAN_PIECES} made-up pieces for organ": [(made(i), SAMPLE_RATE) for i in range(ORGAN_PIECES)],
        f"a held tone of 98 Hz, 4 made-up organs, {ORGAN_S:g} s": [(drone(i), SAMPLE_RATE) for i in range(4)],
    }
    rows = []
    for name, each in sounds.items():
        cells = [name]
        for tones in (ALL, MAINS):
            losses = [loss_db(audio, repaired(audio, rate, tones)[0]) for audio, rate in each]
            cells += [number(float(np.mean(losses)), 2), number(max(losses), 2)]
        rows.append(cells)
    return table(("loss, dB", "all, mean", "most", "mains, mean", "most"), rows) + (
        f"\nGoal: instruments lose less than {GOAL_LOSS_DB:g} dB. A tone held for {ORGAN_S:g} s is taken for "
        "hum unless the setting `tones=mains` says otherwise.\n"
    )


def false_repairs(folder: Path) -> str:
    n_files, minutes, found = 0, 0.0, []
    for group in ("speech", "music", "animal", "long", "pairs"):
        for path in sorted((folder / group).glob("*.flac")):
            if path.stem.endswith("_noisy"):
                continue
            audio, sample_rate = soundfile.read(path, dtype="float64", always_2d=True)
            mono = audio.mean(axis=1)
            out, findings = repaired(mono, sample_rate)
            n_files += 1
            minutes += len(mono) / sample_rate / 60.0
            if findings or not np.array_equal(out, mono):
                found.append(f"{path.stem}: {'; '.join(each.text for each in findings)}")
    told = "all came back bit for bit" if not found else f"changed: {', '.join(found)}"
    return f"False repairs: {n_files} clean recordings, {minutes:.1f} minutes, {told}.\n"


def speed(recording: Clean) -> str:
    sample_rate = 48_000
    n_samples = round(SPEED_S * sample_rate)
    rng = np.random.default_rng(0)
    audio = repeated(recording.audio, 0, n_samples)
    audio = audio + hum(rng, n_samples, sample_rate) * 0.3 * np.std(audio)
    short = audio[: 12 * sample_rate]
    repaired(short, sample_rate)
    live(short, sample_rate)
    shares = []
    for work in (repaired, live):
        begin = time.process_time()
        work(audio, sample_rate)
        shares.append((time.process_time() - begin) / SPEED_S)
    return (
        f"Speed, {SPEED_S:g} s at 48 kHz in mono with {N_HARMONICS} harmonics, share of the length on one "
        f"core: both passes {shares[0]:.4f} (goal .02), live {shares[1]:.4f}.\n"
    )


def section(folder: Path) -> str:
    """All tables on hum."""
    music = list(clean_recordings(folder, ("music",)))
    voice = next(clean_recordings(folder, ("speech",)))
    return "\n".join((quality(folder), music_losses(music), false_repairs(folder), speed(voice)))
