"""Tap of the sound that was heard and its input, from the memory that callback and processing share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dap_stream.core.array_types import F32, Audio
from dap_stream.core.processor import Processor
from dap_stream.realtime import callback_kernel as ex
from dap_stream.realtime.duplex_buffer import DuplexBuffer
from dap_stream.realtime.ring_buffer import CLAIMED, N_MARKS, START, WRITTEN

HandOver: TypeAlias = Callable[[F32, F32], None]


class HeardTap:
    """Hands over ``dry, heard`` ``[channels, n]``, aligned: heard sample k was made of dry sample k.

    Made for a duplex that is about to start. Runs in the processing thread just before it publishes
    (`TappedProcessor`): whatever the device has played until then was made of what is
    published now, so the callback's own code is run again over it, late blocks, fades and share of wet
    included. Two things may differ from what was heard: a knob that was turned counts from here on, up to a
    few blocks off; a block that the device fetches in the microseconds between here and publishing is taken
    as in time although it was late.
    """

    def __init__(self, duplex: DuplexBuffer, hand_over: HandOver) -> None:
        self._duplex, self._hand_over = duplex, hand_over
        self._position = duplex.latency  # of what is handed over next; the first sample is heard there
        self._gains = np.ones(3, np.float32)
        self._gains[ex.MIX] = duplex.shared.gains[ex.TARGET]
        self._route = np.eye(duplex.channels, dtype=np.float32)
        self.lost_samples = 0  # overwritten before they could be handed over

    def __call__(self) -> None:
        shared, latency = self._duplex.shared, self._duplex.latency
        ring_in, ring_out = shared.ring_in, shared.ring_out
        published, played, begin = ring_out.end, ring_in.end, self._position
        if played <= begin:
            return
        self._position = played
        n_gone = max(0, min(played, played + ex.PIECE - (ring_in.capacity - latency)) - begin)
        if n_gone:  # after a stall of the processing thread
            self._lose(n_gone)
            begin += n_gone
        dry = ring_in.read(begin - latency, played - begin)
        heard = np.empty((self._duplex.channels, played - begin), np.float32)
        marks = np.zeros(N_MARKS, np.int64)
        marks[WRITTEN], marks[START] = published, ring_out.marks[START]
        counts, meter = np.zeros(ex.N_COUNTS, np.int64), np.zeros(ex.N_METER)
        counts[ex.LATENCY] = latency
        self._gains[ex.TARGET] = shared.gains[ex.TARGET]
        ex.give(
            begin, heard, self._route, ring_in.samples, ring_out.samples, marks, counts, self._gains, meter
        )
        if dry is None or ring_in.marks[CLAIMED] - ring_in.capacity > begin - latency:
            self._lose(played - begin)
        else:
            self._hand_over(dry, heard)

    def _lose(self, n_samples: int) -> None:
        """Silence in both, so that all that follows keeps its place."""
        self.lost_samples += n_samples
        silence = np.zeros((self._duplex.channels, n_samples), np.float32)
        self._hand_over(silence, silence)


class TappedProcessor:
    """``processor`` as it is; ``tap`` is called after each piece is processed and before it is published."""

    def __init__(self, processor: Processor) -> None:
        self.processor, self.latency = processor, processor.latency
        self.tap: Callable[[], None] | None = None

    def process(self, buffer: Audio) -> Audio:
        """``[channels, n]`` in and out."""
        wet = self.processor.process(buffer)
        if self.tap is not None:
            self.tap()
        return wet

    def flush(self) -> Audio:
        """As the processor's."""
        return self.processor.flush()

    def reset(self) -> None:
        """As the processor's."""
        self.processor.reset()
