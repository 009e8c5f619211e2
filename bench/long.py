"""The long recordings of `long.tsv`, built block by block as the README of the audio folder defines them.

Run as a program it writes one to a WAV:

    python -m bench.long long10 OUT.wav --audio PATH [--sample-rate 48000] [--minutes 1] [--track speech]
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from bench.audio import (
    Samples,
    active_power,
    add_audio_argument,
    audio_folder,
    read_mono,
    read_table,
    repeated,
)

SPEECH_POWER = 10.0**-2.6  # -26 dBFS over the active frames
FADE_S = 1.0  # neighbouring noises overlap by this much
LONG_SAMPLE_RATE = 16000
LONG_SECONDS = {"long10": 600, "long60": 3600}
TRACKS = ("mix", "speech", "noise")


@dataclass(frozen=True)
class LongRow:
    """One line of `long.tsv`: a piece of a file put at `start_s`; `snr_db` is None for speech."""

    track: str
    start_s: float
    seconds: float
    path: str
    offset_s: float
    snr_db: float | None
    is_first: bool  # of its track: a noise is not faded in there
    is_last: bool


def long_rows(folder: Path, name: str) -> list[LongRow]:
    """The schedule of the recording `name` ("long10" or "long60"), in order of time within each track."""
    if name not in LONG_SECONDS:
        raise SystemExit(f"bench: unknown recording {name!r}: one of {', '.join(LONG_SECONDS)}")
    rows: list[LongRow] = []
    for track in ("speech", "noise"):
        table = [r for r in read_table(folder / "long.tsv") if r["recording"] == name and r["track"] == track]
        table.sort(key=lambda r: float(r["start_s"]))
        rows += [
            LongRow(
                track=track,
                start_s=float(row["start_s"]),
                seconds=float(row["seconds"]),
                path=row["path"],
                offset_s=float(row["offset_s"]),
                snr_db=float(row["snr_db"]) if row["snr_db"] else None,
                is_first=i == 0,
                is_last=i == len(table) - 1,
            )
            for i, row in enumerate(table)
        ]
    return rows


def long_piece(folder: Path, row: LongRow) -> Samples:
    """The samples that one row adds to a long recording, from its `start_s` on, at 16 kHz."""
    n_samples = round(row.seconds * LONG_SAMPLE_RATE)
    audio = read_mono(folder / row.path, LONG_SAMPLE_RATE)
    if row.snr_db is None:
        piece = audio[:n_samples]
        piece = piece - piece.mean()
        return np.asarray(piece * np.sqrt(SPEECH_POWER / active_power(piece, LONG_SAMPLE_RATE)))
    piece = repeated(audio, round(row.offset_s * LONG_SAMPLE_RATE), n_samples)
    piece = np.asarray(piece - piece.mean())
    piece *= np.sqrt(SPEECH_POWER / 10.0 ** (row.snr_db / 10.0) / np.mean(piece**2))
    n_fade = round(FADE_S * LONG_SAMPLE_RATE)
    ramp = np.sin(0.5 * np.pi * np.arange(n_fade) / n_fade)
    if not row.is_first:
        piece[:n_fade] *= ramp
    if not row.is_last:
        piece[-n_fade:] *= ramp[::-1]
    return piece


def long_blocks(folder: Path, name: str, track: str = "mix", block_s: int = 10) -> Iterator[Samples]:
    """A long recording at 16 kHz in blocks `[block_s * 16000]`; `track` is "mix", "speech" or "noise".

    Only the pieces that sound at the moment are in memory: two noises and two speakers at most.
    """
    rows = [row for row in long_rows(folder, name) if track in ("mix", row.track)]
    piece = functools.lru_cache(maxsize=4)(functools.partial(long_piece, folder))
    n_block = block_s * LONG_SAMPLE_RATE
    n_total = LONG_SECONDS[name] * LONG_SAMPLE_RATE
    for start in range(0, n_total, n_block):
        block = np.zeros(min(n_block, n_total - start))
        for row in rows:
            first = round(row.start_s * LONG_SAMPLE_RATE) - start
            last = first + round(row.seconds * LONG_SAMPLE_RATE)
            if first < len(block) and last > 0:
                at, stop = max(first, 0), min(last, len(block))
                part = piece(row)[at - first : stop - first]
                block[at : at + len(part)] += part
        yield block


def write_long(
    folder: Path, name: str, out: Path, sample_rate: int, minutes: float | None = None, track: str = "mix"
) -> None:
    """Write a long recording, or its first `minutes`, block by block to a 16-bit WAV at `sample_rate` Hz."""
    left = round((LONG_SECONDS[name] if minutes is None else minutes * 60) * sample_rate)
    convert = soxr.ResampleStream(LONG_SAMPLE_RATE, sample_rate, 1, dtype="float64")
    with soundfile.SoundFile(out, "w", sample_rate, 1, "PCM_16", format="WAV") as file:
        for block in long_blocks(folder, name, track):
            block = block if sample_rate == LONG_SAMPLE_RATE else convert.resample_chunk(block)
            file.write(block[:left])
            left -= min(left, len(block))
            if left == 0:
                return
        file.write(convert.resample_chunk(np.zeros(0), last=True)[:left])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.long", description="Write a long recording to a WAV."
    )
    parser.add_argument("name", choices=list(LONG_SECONDS))
    parser.add_argument("out", type=Path)
    add_audio_argument(parser)
    parser.add_argument("--sample-rate", type=int, default=LONG_SAMPLE_RATE, help="Hz")
    parser.add_argument("--minutes", type=float, help="only the beginning")
    parser.add_argument("--track", choices=TRACKS, default="mix")
    args = parser.parse_args()
    write_long(audio_folder(args.audio), args.name, args.out, args.sample_rate, args.minutes, args.track)


if __name__ == "__main__":
    main()
