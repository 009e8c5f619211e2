"""The repair of clipping, window by window: decide, reconstruct in frames that overlap, patch.

Each sample is decided on once, a frame before the first frame with it is reconstructed; each frame is
reconstructed once, when the window comes to its begin. So nothing depends on where windows are cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dap_stream.core.array_types import F64
from dap_stream.core.parallel import n_cores, parallel_map
from dap_stream.core.units import gain_to_db
from dap_stream.processors.block_repairer import Patch, Window
from dap_stream.processors.declip.ceilings import clipped
from dap_stream.processors.declip.geometry import OVERLAP, Geometry
from dap_stream.processors.declip.known_ceilings import KnownCeilings
from dap_stream.processors.declip.model import DeclipModel
from dap_stream.processors.declip.reconstruction import reconstruct
from dap_stream.processors.declip.settings import DeclipSettings
from dap_stream.processors.findings import Finding, Findings

KIND = "clipping"
_SPARSER_COUNTS = 3.0
"""Frames of all lengths are averaged; one that needed half the share of bins counts by 2 to this more."""
_JOIN_S = 0.1  # clipped peaks with less between them are one finding


class _Channel:
    """All that a stream leaves behind in one channel."""

    def __init__(self, geometry: Geometry, known: KnownCeilings) -> None:
        self.known = known
        self.before: F64 = np.zeros(geometry.behind)  # as it came; the hop that is due follows
        n_decided = geometry.hop + geometry.longest
        self.sides: NDArray[np.int8] = np.zeros(n_decided, np.int8)  # from the hop that is due on
        self.summed: F64 = np.zeros(n_decided)  # of the frames so far, likewise
        self.weight: F64 = np.zeros(n_decided)  # of them
        self.open: Finding | None = None  # to which more may be joined


class ClippingRepair:
    """A `dap_stream.processors.block_repairer.Repair` of one stream.

    Parameters
    ----------
    sample_rate
        Hz.
    geometry
        Lengths.
    settings
        How.
    findings
        Gets what is found.
    model
        What it knows of the ceilings of each channel is used; it is told how far repaired peaks reach.
    channels
        Number of channels.
    """

    def __init__(
        self,
        sample_rate: int,
        geometry: Geometry,
        settings: DeclipSettings,
        findings: Findings,
        model: DeclipModel,
        channels: int,
    ) -> None:
        self._geometry, self._settings, self._findings, self._model = geometry, settings, findings, model
        self._join = round(_JOIN_S * sample_rate)
        self._channels = [_Channel(geometry, each) for each in model.ceilings(channels)]
        self._is_first = True

    def patches(self, window: Window) -> Iterable[Patch]:
        """Patches of the hop that is due."""
        geometry = self._geometry
        if self._is_first:
            self._model.peak = 0.0
        for number, channel in enumerate(self._channels):
            audio = np.concatenate((channel.before, window.audio[number, window.due.start :]))
            self._decide(channel, audio)
            for n_fft in geometry.frames:
                self._add_frames(channel, audio, n_fft)
            yield from self._repaired(number, channel, window)
            channel.before = audio[geometry.hop : geometry.hop + geometry.behind]
            for of_samples in (channel.sides, channel.summed, channel.weight):
                of_samples[: -geometry.hop] = of_samples[geometry.hop :].copy()
                of_samples[-geometry.hop :] = 0
        self._is_first = False

    def _decide(self, channel: _Channel, audio: F64) -> None:
        """Which samples are clipped, of the last hop for which enough of what follows is there."""
        geometry = self._geometry
        first = 0 if self._is_first else geometry.longest
        decided = range(geometry.behind + first, geometry.behind + geometry.longest + geometry.hop)
        channel.sides[first:] = clipped(
            audio, decided, geometry.reach, geometry.frames[0], channel.known, self._settings.sensitivity
        )

    def _add_frames(self, channel: _Channel, audio: F64, n_fft: int) -> None:
        """Reconstruct the frames that begin in the hop that is due, if they hold clipped samples."""
        step = n_fft // OVERLAP
        n_before = n_fft - step if self._is_first else 0
        starts = np.arange(-n_before, self._geometry.hop, step)
        sides = np.concatenate((np.zeros(n_before, np.int8), channel.sides))
        counts = np.concatenate(([0], np.cumsum(sides != 0)))
        starts = starts[counts[starts + n_before + n_fft] > counts[starts + n_before]]
        if not len(starts):
            return
        taper = np.hanning(n_fft + 1)[:-1]
        columns = starts[:, None] + np.arange(n_fft)
        frames, beyond = audio[columns + self._geometry.behind] * taper, sides[columns + n_before]
        pieces = [each for each in np.array_split(np.arange(len(starts)), n_cores()) if len(each)]

        def solve(piece: NDArray[np.int64]) -> tuple[F64, F64]:
            return reconstruct(frames[piece], beyond[piece], self._geometry.n_more)

        for piece, (solved, share) in zip(pieces, parallel_map(solve, pieces), strict=True):
            for start, frame, needed in zip(starts[piece], solved, share, strict=True):
                inside = slice(max(start, 0), start + n_fft)
                weight = needed**-_SPARSER_COUNTS
                channel.summed[inside] += weight * (frame * taper)[max(-start, 0) :]
                channel.weight[inside] += weight * (taper**2)[max(-start, 0) :]

    def _repaired(self, number: int, channel: _Channel, window: Window) -> Iterator[Patch]:
        """The runs of clipped samples, as patches and as findings."""
        sides = channel.sides[: self._geometry.hop]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], sides, [0]))))
        for start, stop in pairwise(edges):
            side = int(sides[start])
            if side == 0:
                continue
            column = window.due.start + int(start)
            was = window.audio[number, column : column + stop - start]
            grown = channel.summed[start:stop] / channel.weight[start:stop]
            level = float(np.abs(was).max())
            self._tell(number, channel, window.position + column, int(stop - start), level)
            samples = side * np.maximum(side * grown, side * was)
            self._model.peak = max(self._model.peak, float(np.abs(samples).max()))
            yield Patch(number, column, samples)
        if window.due.stop >= window.stream.stop:
            self._close(channel)

    def _tell(self, number: int, channel: _Channel, start: int, n_samples: int, level: float) -> None:
        found = channel.open
        if found is not None and start - found.end < self._join:
            n_peaks = found.count + (start > found.end)  # a run may go on from the window before
            n_damaged = found.n_damaged + n_samples  # without the sound between the peaks
            channel.open = replace(
                found, n_samples=start + n_samples - found.start, count=n_peaks, together=n_damaged
            )
            return
        self._close(channel)
        text = f"clipped at {gain_to_db(level):.1f} dBFS"
        channel.open = Finding(KIND, start, n_samples, number, text)

    def _close(self, channel: _Channel) -> None:
        if channel.open is not None:
            self._findings.add(channel.open)
        channel.open = None
