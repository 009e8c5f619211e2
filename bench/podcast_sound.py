"""One speaker in one noise, at 16 kHz: the reading as it is, or rearranged to half an hour.

Rearranged, the reading is cut at quiet places into pieces of the size of an utterance, which a seed puts
in order, again and again. The last 10 s are made of pieces heard nowhere before, and a shorter recording is
the end of the longest one: all lengths end in the same samples.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import uniform_filter1d

from bench.audio import Example, Samples, mix, read_mono, repeated

READING = "long/reading_3080.flac"
SAMPLE_RATE = 16000
SNR_DB = {"cafe": 5.0, "rain": 5.0, "dishes": 5.0, "typing": 5.0, "wind": 5.0, "train": 0.0}
PIECE_S = 10  # what is scored at a time
LONGEST_S = 1800
UTTERANCE_S = (3.0, 8.0)
QUIET_S = 0.1  # a cut is in the middle of the quietest stretch of this length


def reading(folder: Path, seconds: float | None = None) -> Samples:
    """The reading `[n_samples]`, or its first `seconds`."""
    speech = read_mono(folder / READING, SAMPLE_RATE)
    return speech if seconds is None else speech[: round(seconds * SAMPLE_RATE)]


def utterances(speech: Samples) -> list[Samples]:
    """`speech` in pieces of 3 to 8 s, cut where it is quietest."""
    shortest, longest = (round(seconds * SAMPLE_RATE) for seconds in UTTERANCE_S)
    level = uniform_filter1d(speech**2, round(QUIET_S * SAMPLE_RATE))
    cuts = [0]
    while len(speech) - cuts[-1] > longest:
        first = cuts[-1] + shortest
        last = min(cuts[-1] + longest, len(speech) - shortest)
        cuts.append(first + int(np.argmin(level[first:last])))
    return np.split(speech, cuts[1:])


def rearranged(speech: Samples, seed: int) -> Samples:
    """`[30 min]` of the speaker; what sounds in the last 10 s sounds nowhere else."""
    rng = np.random.default_rng(seed)
    rest = utterances(speech)
    n_end, n_left = PIECE_S * SAMPLE_RATE, LONGEST_S * SAMPLE_RATE
    order: list[Samples] = []  # from the last piece to the first
    while sum(map(len, order)) < n_end:
        order.append(rest.pop(rng.integers(len(rest))))
    n_left -= sum(map(len, order))
    while n_left > 0:
        for i in rng.permutation(len(rest)):
            order.append(rest[i])
            n_left -= len(rest[i])
    return np.concatenate(order[::-1])[-LONGEST_S * SAMPLE_RATE :]


def in_noise(folder: Path, speech: Samples, noise: str) -> Example:
    """Mixed like a row of `mixes.tsv`, the noise from its start on."""
    sound = repeated(read_mono(folder / f"noise/{noise}.flac", SAMPLE_RATE), 0, len(speech))
    clean, noisy = mix(speech, sound, SNR_DB[noise], SAMPLE_RATE)
    return Example(noise, "speech", noise, SAMPLE_RATE, clean, noisy)
