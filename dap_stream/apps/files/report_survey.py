"""Pictures and levels of a recording and its result, found in one reading of both files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dap_stream.core.array_types import F64, Audio
from dap_stream.core.finite import finite
from dap_stream.core.streams import Source, read_up_to
from dap_stream.dsp.loudness import KWeighting, LoudnessMeter

PARTS = ("before", "after", "removed")
MOST_COLUMNS, ROWS = 1000, 192
_WINDOW_S = 0.032
_FRAMES_PER_COLUMN = 8  # of a long recording; more give the same picture
_LEAST_COLUMN_S = 0.008


@dataclass(frozen=True)
class Part:
    """One of `PARTS`: its picture in dB ``[rows, columns]``, and its levels."""

    picture: F64
    powers: F64  # K-weighted, of each `loudness.STEP_S`
    lufs: float | None
    peak: float


@dataclass(frozen=True)
class Survey:
    """All parts of a recording."""

    sample_rate: int
    channels: int
    n_samples: int
    parts: dict[str, Part]

    @property
    def seconds(self) -> float:
        """Length."""
        return self.n_samples / self.sample_rate


class _PartMeter:
    """Makes a `Part` of what comes, a column at a time."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.loudness = LoudnessMeter(sample_rate)
        self.peak = 0.0
        self._n_fft = 2 ** round(np.log2(_WINDOW_S * sample_rate))
        self._window = np.hanning(self._n_fft + 1)[:-1]
        self._past = np.zeros((channels, self._n_fft))
        self._columns: list[F64] = []

    def add(self, audio: F64, weighted: F64) -> None:
        """The next column ``[channels, samples]``, as it is and K-weighted."""
        self.loudness.add(weighted)
        self.peak = max(self.peak, float(np.abs(audio).max(initial=0.0)))
        around = np.concatenate([self._past, audio], axis=1)
        self._past = around[:, -self._n_fft :]
        last = around.shape[1] - self._n_fft
        n_frames = int(np.clip(last // (self._n_fft // 2), 1, _FRAMES_PER_COLUMN))
        starts = np.linspace(last, 0, n_frames, endpoint=False).astype(int)
        frames = np.stack([around[:, start : start + self._n_fft] for start in starts])
        power = np.mean(np.abs(np.fft.rfft(frames * self._window)) ** 2, axis=(0, 1))
        self._columns.append(_rows(power / np.sum(self._window**2)))

    def part(self) -> Part:
        """Picture and levels of all that came."""
        picture = 10.0 * np.log10(np.stack(self._columns, axis=1) + 1e-12)
        return Part(picture, self.loudness.powers, self.loudness.lufs, self.peak)


def _rows(power: F64) -> F64:
    """Means of neighbouring bins, `ROWS` of them or as many as there are."""
    if len(power) <= ROWS:
        return power
    edges = np.linspace(0, len(power), ROWS + 1).astype(int)
    return np.asarray(np.add.reduceat(power, edges[:-1]) / np.diff(edges))


def survey(before: Source, after: Source, n_samples: int, gain: float = 1.0) -> Survey:
    """Read both sources from where they are, side by side, in constant memory.

    Parameters
    ----------
    before, after
        The recording and its result.
    n_samples
        How long they are.
    gain
        By how much the result was made louder in the end; what was removed is what is missing without it.

    Returns
    -------
    Survey
        Pictures and levels of both, and of their difference.
    """
    rate, channels = before.sample_rate, before.channels
    meters = {name: _PartMeter(rate, channels) for name in PARTS}
    filters = (KWeighting(rate, channels), KWeighting(rate, channels))
    n_columns = int(np.clip(n_samples / rate / _LEAST_COLUMN_S, 1, MOST_COLUMNS))
    edges = np.linspace(0, n_samples, n_columns + 1).astype(int)
    done = 0
    for width in np.diff(edges):
        dry, wet = (_read(source, int(width)) for source in (before, after))
        if not dry.shape[1]:
            break
        wet = np.pad(wet, ((0, 0), (0, dry.shape[1] - wet.shape[1])))
        weighted = [each.process(audio) for each, audio in zip(filters, (dry, wet), strict=True)]
        # The filter is linear: what it makes of the difference is the difference of what it made.
        sounds = (dry, wet, dry - wet / gain)
        removed = weighted[0] - weighted[1] / gain
        for name, sound, loud in zip(PARTS, sounds, (*weighted, removed), strict=True):
            meters[name].add(sound, loud)
        done += dry.shape[1]
    return Survey(rate, channels, done, {name: meter.part() for name, meter in meters.items()})


def _read(source: Source, n_samples: int) -> F64:
    audio: Audio = read_up_to(source, n_samples)
    return np.asarray(finite(audio), np.float64)
