"""Gaps in a channel, told from pauses, clipping and made tones.

A recorder never gives the same sample for milliseconds while there is sound, nor a stretch that is bit for
bit the one before. Lost and repeated buffers do, and they begin and end abruptly; what was edited or gated to
silence fades or begins and ends in near silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from dap_stream.core.array_types import F64, I64
from dap_stream.core.units import ms_to_samples, power_to_db, samples_to_ms
from dap_stream.dsp.exact_runs import constant_runs, repeated_runs
from dap_stream.dsp.gap_interpolation import burg

REPEATED = (32, 4096)
"""Lengths of buffers that are looked for, in samples: what drivers and networks use."""

_MOST_RUNS = 4096  # in one look

_EDGE_MS = 10.0  # of sound that there has to be on both sides
_CORNER_MS = 1.0  # of it that is nearest to the gap
_MODEL_MS = 30.0  # of it that is modelled
_MODEL_ORDER = 32

# A sound of fewer steps of the converter than this may well stay at one value.
_LEAST_STEPS = 8.0
# Below the level of the surroundings; a pause that was edited or gated begins and ends where it is quiet. The
# shorter, the less it can be a pause.
_QUIET_DB, _QUIET_LONG_DB, _LONG_MS = -45.0, -35.0, 50.0
# A sound that fades in 3 ms or more has less than this part of its level in its last millisecond.
_LEAST_CORNER = 0.3
# What the model tells of the next samples is wrong by so many standard deviations, and by that part of the
# level.
_LEAST_SURPRISE, _LEAST_JUMP = 6.0, 0.3
_MOST_SILENCE = 0.5  # of the surroundings: there silence is what is usual
_MOST_EQUAL = 0.5  # of the samples at the edges equal to the ones before: square waves and the like
_HELD = 0.1  # of the level, from the middle: a last sample that was held
_CLIPPED = 0.9  # of the peak: beyond it a constant value is a clipped top
# Residual at the join of a repeated buffer beyond that quantile of the buffer's own.
_JOIN_QUANTILE = 0.97
_PREDICTABLE_DB = 10.0  # less is noise: joins are not to be seen in it, but nothing repeats by itself either
_MOST_TIMES = 8  # that a buffer is repeated; what goes on for longer is a made sound
_CHANCE = 2  # samples by which a repetition may go on by chance


@dataclass(frozen=True)
class Gap:
    """Columns that are missing, and what is there instead."""

    start: int
    end: int
    cause: str

    @property
    def n_samples(self) -> int:
        """Its length."""
        return self.end - self.start


class GapDetector:
    """Finds the gaps of a piece of sound.

    Parameters
    ----------
    sample_rate
        Hz.
    shortest_ms, longest_ms
        What may be a gap.
    """

    def __init__(self, sample_rate: int, shortest_ms: float, longest_ms: float) -> None:
        self._sample_rate = sample_rate
        self._shortest = max(ms_to_samples(shortest_ms, sample_rate), 8)
        self._longest = ms_to_samples(longest_ms, sample_rate)
        self._edge, self._corner, self._model, self._long = (
            max(ms_to_samples(ms, sample_rate), 8) for ms in (_EDGE_MS, _CORNER_MS, _MODEL_MS, _LONG_MS)
        )
        self._runs = np.empty((_MOST_RUNS, 2), np.int64)
        self._repeats = np.empty((_MOST_RUNS, 3), np.int64)

    def gaps(self, x: F64) -> list[Gap]:
        """All gaps of ``x [samples]``, in order, none of which meets another.

        What meets an end of ``x`` is none: it is not to be seen what comes there.
        """
        runs = self._runs[: constant_runs(x, self._shortest, self._runs)]
        repeats = self._repeats[: repeated_runs(x, x.view(np.int64), *REPEATED, self._repeats)]
        if not len(runs) and not len(repeats):
            return []
        surroundings = _Piece(x, runs)
        found = [*self._constant(surroundings, runs), *self._repeated(surroundings, repeats)]
        gaps: list[Gap] = []
        for gap in sorted(found, key=lambda each: each.start):
            if not gaps or gap.start >= gaps[-1].end:
                gaps.append(gap)
        return gaps

    def _constant(self, around: _Piece, runs: I64) -> Iterator[Gap]:
        if around.share_of_silence > _MOST_SILENCE:
            return
        for start, end in runs.tolist():
            if self._shortest <= end - start <= self._longest and self._is_lost(around, start, end):
                value = around.x[start]
                what = "zeros" if value == 0.0 else f"a constant {value:.3g}"
                yield Gap(start, end, f"gap of {what}")

    def _is_lost(self, around: _Piece, start: int, end: int) -> bool:
        """Whether the sound stops and goes on abruptly."""
        x, value, edge = around.x, around.x[start], self._edge
        before, after = x[max(start - edge, 0) : start], x[end : end + edge]
        if min(len(before), len(after)) < edge:
            return False
        if abs(value - around.mean) > _CLIPPED * around.peak:
            return False
        long = min((end - start) / self._long, 1.0)
        quiet_db = _QUIET_DB + long * (_QUIET_LONG_DB - _QUIET_DB)
        for side in (before, after):
            level = float(np.std(side))
            if level < _LEAST_STEPS * around.step:
                return False
            if power_to_db(level**2) < power_to_db(around.power) + quiet_db:
                return False
            if np.mean(side[1:] == side[:-1]) > _MOST_EQUAL:
                return False
        edges = (
            self._is_abrupt(x[max(start - self._model, 0) : start], value),
            self._is_abrupt(x[end : end + self._model][::-1], value),
        )
        # A sample that was held begins without a jump, and no pause is that far from the middle.
        is_held = abs(value - around.mean) > _HELD * np.sqrt(around.power)
        return any(edges) if is_held else all(edges)

    def _is_abrupt(self, side: F64, value: float) -> bool:
        """Whether sound that ends in a constant ``value`` was cut off, rather than faded."""
        side = side - value
        level = float(np.sqrt(np.mean(side[-self._edge :] ** 2)))
        if np.sqrt(np.mean(side[-self._corner :] ** 2)) > _LEAST_CORNER * level:
            return True
        order = min(_MODEL_ORDER, len(side) // 4)
        a = burg(side, np.array([len(side)]), order)
        deviation = float(np.sqrt(np.mean(lfilter(a, 1.0, side)[order:] ** 2)))
        # What comes next according to the model, and how sure that is: the impulse response adds up.
        state = lfilter(a, 1.0, np.concatenate((side[-order:], np.zeros(self._corner))))[order:]
        expected = -lfilter([1.0], a, state)
        spread = deviation * np.sqrt(np.cumsum(lfilter([1.0], a, np.eye(1, self._corner)[0]) ** 2))
        is_jump = (np.abs(expected) > _LEAST_SURPRISE * spread) & (np.abs(expected) > _LEAST_JUMP * level)
        return bool(is_jump.any())

    def _repeated(self, around: _Piece, repeats: I64) -> Iterator[Gap]:
        for start, end, lag in repeats.tolist():
            excess = (end - start) % lag
            if end - start - excess > self._longest or excess > _CHANCE or end == len(around.x):
                continue
            times = (end - start) // lag
            if end - start < self._shortest or start - lag < self._edge or times > _MOST_TIMES:
                continue
            buffer = around.x[start - lag : start]
            if np.std(buffer) < _LEAST_STEPS * around.step or not self._is_join(around.x, start, end, lag):
                continue
            length = f"buffer of {lag} samples ({samples_to_ms(lag, self._sample_rate):.1f} ms)"
            yield Gap(start, end, f"{length} repeated" + (f" {times} times" if times > 1 else ""))

    def _is_join(self, x: F64, start: int, end: int, lag: int) -> bool:
        """Whether the repetition is not the sound's own: its joins are seen, or it is noise."""
        begin = max(start - max(lag, self._model), 0)
        before = x[begin:start]
        order = min(_MODEL_ORDER, len(before) // 4)
        a = burg(before - before.mean(), np.array([len(before)]), order)
        residual = np.abs(lfilter(a, 1.0, x[begin : end + _CHANCE + 1] - before.mean()))
        own = residual[order : len(before)]
        if power_to_db(float(np.var(before))) - power_to_db(float(np.mean(own**2))) < _PREDICTABLE_DB:
            return True
        most = np.quantile(own, _JOIN_QUANTILE) * 2.0 + 1e-9 * np.std(before)
        joins = [start - begin, start - begin + 1]
        if end - start < 2 * lag:  # the end of more may be where a tone ends that repeats by itself
            joins += [end - begin - 1, end - begin]
        return bool(np.max(residual[joins]) > most)


class _Piece:
    """Level and silence of the piece, with which a gap is compared."""

    def __init__(self, x: F64, runs: I64) -> None:
        self.x = x
        is_silent = np.zeros(len(x), np.bool_)
        for start, end in runs.tolist():
            is_silent[start:end] = True
        self.share_of_silence = float(np.mean(is_silent))
        sound = x[~is_silent]
        self.mean = float(np.mean(sound)) if len(sound) else 0.0
        self.peak = float(np.max(np.abs(sound - self.mean), initial=0.0))
        self.power = float(np.mean((sound - self.mean) ** 2)) if len(sound) else 0.0
        steps = np.abs(np.diff(x))
        self.step = float(np.min(steps[steps > 0.0], initial=np.inf))
