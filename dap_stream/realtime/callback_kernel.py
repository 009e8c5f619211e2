"""Inner part of the audio callback: input is stored, output is given. Compiled.

Output sample p is the wet one if the processing thread has published it, and otherwise the input sample
``p - latency``: the dry signal at the same place. Being late therefore costs the processing for a moment and
nothing else; wet samples that come too late are never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dap_stream.core import jit
from dap_stream.core.array_types import F32, F64, I64
from dap_stream.core.finite import MAX_SAMPLE
from dap_stream.errors import SettingError
from dap_stream.realtime.memory_order import acquire, release
from dap_stream.realtime.ring_buffer import START, WRITTEN, RingBuffer, claim

FADE = 64  # samples of a cross-fade; a power of two, so that the steps add up to exactly 1
PIECE = 1024  # samples moved at a time: the rings have room for so many more than the latency

# int64 counts; each has one writer: the callback, but for the first two.
LATENCY = 0  # samples from input to output, set once
ASKED = 1  # how often the meter was asked for; chooses which of its two rows is filled
SEEN = 2  # what ASKED was in the last block
BLOCKS = 3
LATE_BLOCKS = 4  # blocks that needed dry samples because wet ones were missing
LATE_SAMPLES = 5  # such samples
NON_FINITE = 6  # samples of the input that are no sound (NaN, infinite, absurd), taken as 0
CLIPPED = 7  # samples of the output beyond full scale
FLAGS = 8  # and four more: input underflow, input overflow, output underflow, output overflow, priming
N_COUNTS = 13

# float32 gains
TARGET = 0  # share of wet that is wanted, 0 to 1; written by whoever turns the knob
MIX = 1  # where it is on its way there
READY = 2  # 1: wet samples are there, 0: they are not; between: cross-fade

# float64 columns of the meter [2, N_METER]
PEAK_IN, PEAK_OUT, ENERGY_IN, ENERGY_OUT, VALUES_IN, VALUES_OUT = range(6)
N_METER = 6

_MAX = np.float32(MAX_SAMPLE)

_jit = jit.kernel()


@dataclass(frozen=True)
class Shared:
    """The memory that callback, processing thread and everyone else share. No array is ever replaced."""

    ring_in: RingBuffer
    ring_out: RingBuffer
    counts: I64 = field(default_factory=lambda: np.zeros(N_COUNTS, np.int64))
    gains: F32 = field(default_factory=lambda: np.ones(3, np.float32))
    meter: F64 = field(default_factory=lambda: np.zeros((2, N_METER)))

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The last seven arguments of `exchange` (of any type: mypy checks what is unpacked as one)."""
        rings = (self.ring_in.samples, self.ring_in.marks, self.ring_out.samples, self.ring_out.marks)
        return (*rings, self.counts, self.gains, self.meter)


def routing(n_from: int, n_to: int) -> F32:
    """Gains ``[n_to, n_from]``: channel to channel; one to all; all to one as their mean; no other."""
    if n_from < 1 or n_to < 1:
        raise SettingError(f"channels: {n_from} to {n_to}, both must be 1 or more")
    if n_to == 1:
        return np.full((1, n_from), 1.0 / n_from, np.float32)
    return np.ones((n_to, 1), np.float32) if n_from == 1 else np.eye(n_to, n_from, dtype=np.float32)


@_jit
def toward(value: np.float32, target: np.float32) -> np.float32:
    """One step of a fade."""
    step = np.float32(1.0 / FADE)
    if value < target:
        return target if value + step > target else value + step
    return target if value - step < target else value - step


@_jit
def note_flags(counts: I64, flags: int) -> None:
    """Count what PortAudio reports; its first block often reports an overflow that was none."""
    if counts[BLOCKS] > 0:
        for bit in range(5):
            counts[FLAGS + bit] += (flags >> bit) & 1


@_jit
def _store(source: F32, route: F32, ring: F32, marks: I64, counts: I64, meter: F64) -> None:
    """Append ``source [inputs, n]`` to the input ring, mixed by ``route [channels, inputs]``."""
    n, position, mask = source.shape[1], marks[WRITTEN], ring.shape[1] - 1
    claim(marks, position + n)
    peak: Any = meter[PEAK_IN]
    energy = 0.0
    for c in range(ring.shape[0]):
        for i in range(n):
            value: Any = np.float32(0.0)
            for k in range(source.shape[0]):
                if route[c, k] != 0.0:
                    value += route[c, k] * source[k, i]
            if not abs(value) <= _MAX:  # NaN too: a processor would never get rid of it again
                counts[NON_FINITE] += 1
                value = np.float32(0.0)
            ring[c, (position + i) & mask] = value
            peak = max(peak, abs(value))
            energy += np.float64(value) * np.float64(value)  # the square may be beyond float32
    release(marks, WRITTEN, position + n)
    meter[PEAK_IN] = peak
    meter[ENERGY_IN] += energy
    meter[VALUES_IN] += n * ring.shape[0]


@_jit
def give(
    position: int,
    target: F32,
    route: F32,
    dry: F32,
    wet: F32,
    wet_marks: I64,
    counts: I64,
    gains: F32,
    meter: F64,
) -> int:
    """Fill ``target [outputs, n]`` from ``position`` on; how many samples were late."""
    end = acquire(wet_marks, WRITTEN)  # before START: see ring_buffer.skip
    start = acquire(wet_marks, START)
    dry_mask, wet_mask = dry.shape[1] - 1, wet.shape[1] - 1
    wanted, mix, ready = gains[TARGET], gains[MIX], gains[READY]
    peak: Any = meter[PEAK_OUT]
    energy, late, clipped = 0.0, 0, 0
    for i in range(target.shape[1]):
        p = position + i
        # Wet counts as running out FADE samples before its end, so that there is something to fade out.
        ready = toward(ready, np.float32(1.0 if start <= p and p + FADE <= end else 0.0))
        if p < start or p >= end:
            ready = np.float32(0.0)
        late += int(ready < 1.0)
        mix = toward(mix, wanted)
        weight = ready * mix
        early = p - counts[LATENCY]
        for k in range(target.shape[0]):
            target[k, i] = 0.0
        for c in range(dry.shape[0]):
            value = dry[c, early & dry_mask]  # a new ring is silent: so is what was before the start
            if weight == 1.0:
                value = wet[c, p & wet_mask]
            elif weight > 0.0:
                value += weight * (wet[c, p & wet_mask] - value)
            for k in range(target.shape[0]):
                if route[k, c] != 0.0:
                    target[k, i] += route[k, c] * value
        for k in range(target.shape[0]):
            size = abs(target[k, i])
            peak = max(peak, size)
            energy += size * size
            clipped += size > 1.0
    gains[MIX], gains[READY] = mix, ready
    meter[PEAK_OUT] = peak
    meter[ENERGY_OUT] += energy
    meter[VALUES_OUT] += target.size
    counts[CLIPPED] += clipped
    return late


@_jit
def exchange(
    source: F32,
    target: F32,
    route_in: F32,
    route_out: F32,
    ring_in: F32,
    marks_in: I64,
    ring_out: F32,
    marks_out: I64,
    counts: I64,
    gains: F32,
    meter: F64,
) -> None:
    """One block of a device: ``source [inputs, n]`` goes in, ``target [outputs, n]`` is filled.

    n may be anything and may change. Routes are ``[channels, inputs]`` and ``[outputs, channels]``.
    """
    asked = acquire(counts, ASKED)
    row = meter[asked & 1]
    if asked != counts[SEEN]:
        counts[SEEN] = asked
        row[:] = 0.0
    late = 0
    for begin in range(0, source.shape[1], PIECE):
        position = marks_in[WRITTEN]
        end = min(begin + PIECE, source.shape[1])
        _store(source[:, begin:end], route_in, ring_in, marks_in, counts, row)
        late += give(
            position, target[:, begin:end], route_out, ring_in, ring_out, marks_out, counts, gains, row
        )
    counts[LATE_SAMPLES] += late
    counts[LATE_BLOCKS] += late > 0
    release(counts, BLOCKS, counts[BLOCKS] + 1)
