"""What was heard and what it was made of, from the memory that callback and processing thread share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from dap_stream.live import exchange as ex
from dap_stream.live.link import Link
from dap_stream.live.rings import CLAIMED, F32, N_MARKS, START, WRITTEN

HandOver: TypeAlias = Callable[[F32, F32], None]


class Tap:
    """Hands over ``dry, heard`` ``[channels, n]``, aligned: heard sample k was made of dry sample k.

    Made for a link that is about to start. Runs in the processing thread just before it publishes
    (`dap_stream.live.inside.Inside`): whatever the device has played until then was made of what is
    published now, so the callback's own code is run again over it, late blocks, fades and share of wet
    included. Two things may differ from what was heard: a knob that was turned counts from here on, up to a
    few blocks off; a block that the device fetches in the microseconds between here and publishing is taken
    as in time although it was late.
    """

    def __init__(self, link: Link, hand_over: HandOver) -> None:
        self._link, self._hand_over = link, hand_over
        self._told = link.latency  # where the first sample that comes in is heard
        self._gains = np.ones(3, np.float32)
        self._gains[ex.MIX] = link.shared.gains[ex.TARGET]
        self._route = np.eye(link.channels, dtype=np.float32)
        self.lost_samples = 0  # overwritten before they could be handed over

    def __call__(self) -> None:
        shared, latency = self._link.shared, self._link.latency
        ring_in, ring_out = shared.ring_in, shared.ring_out
        published, played, told = ring_out.end, ring_in.end, self._told
        if played <= told:
            return
        self._told = played
        n_gone = max(0, min(played, played + ex.PIECE - (ring_in.capacity - latency)) - told)
        if n_gone:  # after a stall of the processing thread
            self._lose(n_gone)
            told += n_gone
        dry = ring_in.read(told - latency, played - told)
        heard = np.empty((self._link.channels, played - told), np.float32)
        marks = np.zeros(N_MARKS, np.int64)
        marks[WRITTEN], marks[START] = published, ring_out.marks[START]
        counts, meter = np.zeros(ex.N_COUNTS, np.int64), np.zeros(ex.N_METER)
        counts[ex.LATENCY] = latency
        self._gains[ex.TARGET] = shared.gains[ex.TARGET]
        ex.give(
            told, heard, self._route, ring_in.samples, ring_out.samples, marks, counts, self._gains, meter
        )
        if dry is None or ring_in.marks[CLAIMED] - ring_in.capacity > told - latency:
            self._lose(played - told)
        else:
            self._hand_over(dry, heard)

    def _lose(self, n_samples: int) -> None:
        """Silence in both, so that all that follows keeps its place."""
        self.lost_samples += n_samples
        silence = np.zeros((self._link.channels, n_samples), np.float32)
        self._hand_over(silence, silence)
