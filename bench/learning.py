"""Does the generator get better while it listens? The recording `long10`, ten minutes, in a single pass.

    python -m bench.learning --audio PATH

Three answers: the generator's own validation loss by half; ESTOI of the readers who speak in both halves;
and the second half by itself, from cold, against the same samples after the first half. Only the last
compares like with like, for in `long10` no noise comes back and the two halves are not equally hard.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import audio, results
from bench.long import LONG_SAMPLE_RATE, LONG_SECONDS, LongRow, long_blocks, long_rows
from bench.methods import Audio, own
from bench.metrics import estoi, si_sdr_db
from bench.results import number, table

NAME = "long10"
HALF_S = LONG_SECONDS[NAME] / 2
IDEAL_LOSS = (
    np.pi**2 / 6
)  # variance of the logarithm of exponentially distributed power: nothing can go below


@dataclass(frozen=True)
class BlockLoss:
    """Loss of one block before the first step on it."""

    start_s: float
    loss: float


def block_losses(noisy: Audio, sample_rate: int) -> list[BlockLoss]:
    """The validation loss of each block, `context` in a single pass; silent blocks are left out."""
    from dap_stream import Denoiser, DenoiseSettings

    denoiser = Denoiser(sample_rate, settings=DenoiseSettings(passes=1, seed=0))
    denoiser.process(noisy[None])
    assert denoiser.model is not None
    learned = denoiser.model.history
    return [BlockLoss(block.start_s, block.loss) for block in learned if np.isfinite(block.loss)]


def half(row: LongRow) -> int | None:
    """0 or 1, the half in which the whole utterance lies; None where it lies in both."""
    if row.start_s + row.seconds <= HALF_S:
        return 0
    return 1 if row.start_s >= HALF_S else None


def repeated_readers(rows: Sequence[LongRow]) -> list[tuple[LongRow, LongRow]]:
    """For each file of speech heard as long in both halves, its first occurrence in each."""
    heard: tuple[dict[tuple[str, float], LongRow], ...] = ({}, {})
    for row in rows:
        where = half(row)
        if row.track == "speech" and where is not None:
            heard[where].setdefault((row.path, row.seconds), row)
    return [(first, heard[1][key]) for key, first in heard[0].items() if key in heard[1]]


def cut(signal: Audio, row: LongRow, from_s: float = 0.0) -> Audio:
    """The samples of one utterance out of a recording that begins at `from_s`."""
    start = round((row.start_s - from_s) * LONG_SAMPLE_RATE)
    return signal[start : start + round(row.seconds * LONG_SAMPLE_RATE)]


def mean_estoi(speech: Audio, signal: Audio, rows: Sequence[LongRow]) -> float:
    return float(np.mean([estoi(cut(speech, row), cut(signal, row), LONG_SAMPLE_RATE) for row in rows]))


def whole(folder: Path, track: str) -> Audio:
    return np.concatenate(list(long_blocks(folder, NAME, track))).astype(np.float32)


def loss_table(losses: Sequence[BlockLoss]) -> str:
    """Mean excess of the loss over its ideal, by half."""
    means = [
        float(np.mean([block.loss for block in losses if (block.start_s >= HALF_S) == is_second]))
        - IDEAL_LOSS
        for is_second in (False, True)
    ]
    header = ["validation loss less \u03c0\u00b2/6, mean", "first half", "second half"]
    return table(header, [["context, 1 pass", *(number(value, 4) for value in means)]])


def readers_table(speech: Audio, outputs: dict[str, Audio], pairs: Sequence[tuple[LongRow, LongRow]]) -> str:
    """ESTOI of the same sentences in each half, and what it gained over the noisy recording."""
    lines = []
    noisy = [mean_estoi(speech, outputs["noisy"], [pair[i] for pair in pairs]) for i in (0, 1)]
    for label, signal in outputs.items():
        values = [mean_estoi(speech, signal, [pair[i] for pair in pairs]) for i in (0, 1)]
        gains = [number(value - before, 3, sign=True) for value, before in zip(values, noisy, strict=True)]
        lines.append([label, *(number(value, 3) for value in values), *gains])
    header = [f"ESTOI, {len(pairs)} sentences in both halves", "first half", "second half"]
    return table([*header, "gain, first", "gain, second"], lines)


def cold_table(speech: Audio, noisy: Audio, warm: Audio, rows: Sequence[LongRow]) -> str:
    """The second half cleaned by itself, and as the second half of the whole."""
    start = round(HALF_S * LONG_SAMPLE_RATE)
    signals = {"second half alone (cold)": own(noisy[start:], LONG_SAMPLE_RATE, "band", passes=1)}
    signals["after the first half (warm)"] = warm[start:]
    lines = []
    for label, signal in signals.items():
        score = np.mean([estoi(cut(speech, row), cut(signal, row, HALF_S), LONG_SAMPLE_RATE) for row in rows])
        lines.append([label, number(float(score), 3), number(si_sdr_db(speech[start:], signal), 2)])
    return table([f"same samples, context, 1 pass ({len(rows)} utterances)", "ESTOI", "SI-SDR"], lines)


def body(folder: Path) -> str:
    rows = long_rows(folder, NAME)
    second = [row for row in rows if row.track == "speech" and half(row) == 1]
    speech, noisy = whole(folder, "speech"), whole(folder, "mix")
    outputs = {"noisy": noisy}
    for generator in ("classical", "context", "band"):
        outputs[f"{generator}, 1 pass"] = own(noisy, LONG_SAMPLE_RATE, generator, passes=1)
    parts = [
        loss_table(block_losses(noisy, LONG_SAMPLE_RATE)),
        readers_table(speech, outputs, repeated_readers(rows)),
        cold_table(speech, noisy, outputs["context, 1 pass"], second),
        "In long10 no noise comes back, so that only the last table compares like with like.\n",
    ]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.learning", description="What listening longer gains."
    )
    audio.add_audio_argument(parser)
    args = parser.parse_args()
    text = body(audio.audio_folder(args.audio))
    print(text)
    results.write_section("learning", "Learning over ten minutes", text, ("pystoi",))


if __name__ == "__main__":
    main()
