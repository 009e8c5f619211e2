"""The page of an hour: size, time and memory of ``dap-stream denoise --report``, beside the same without it.

    python -m bench.report [--minutes 60]

The recording is made up: a tone in noise that comes and goes, mono at 48 kHz. It is cleaned by the classical
gain, which costs least, so that what the page costs shows.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from bench import results
from bench.speed import child

RATE = 48000


def write_recording(path: Path, minutes: float) -> None:
    """Minute by minute, so that any length is possible."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for begin in range(0, round(minutes * 60), 10):
            time_s = begin + np.arange(10 * RATE) / RATE
            tone = 0.25 * np.sin(2.0 * np.pi * 440.0 * time_s) * (np.sin(2.0 * np.pi * 0.07 * time_s) > 0.0)
            file.write(tone + 0.03 * rng.standard_normal(len(time_s)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.report", description="The page of an hour.")
    parser.add_argument("--minutes", type=float, default=60.0)
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        recording, page = Path(scratch, "hour.wav"), Path(scratch, "hour.html")
        write_recording(recording, args.minutes)
        for name, options in (("without", ()), ("with `--report`", ("--report", str(page)))):
            out = str(Path(scratch, "out.wav"))
            work = ("denoise", str(recording), "-o", out, "--force", "-q", "--generator", "classical")
            cost = child(("-m", "dap_stream", *work, *options))
            size = page.stat().st_size / 1e6 if page.exists() else None
            rows.append(
                [
                    name,
                    results.number(cost.wall_s, 1),
                    results.number(cost.peak_bytes / 1e6, 0),
                    "" if size is None else results.number(size, 1),
                ]
            )
    text = f"{args.minutes:g} minutes of mono at 48 kHz, `--generator classical`, each once.\n\n"
    text += results.table(["", "seconds", "peak memory, MB", "page, MB"], rows)
    print(text)
    if args.minutes == parser.get_default("minutes"):
        results.write_section("report", "The page of an hour", text)


if __name__ == "__main__":
    main()
