"""From samples to spectra and back in blocks of frames, and from buffers of any size to blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np

from dap_stream.core import parallel
from dap_stream.core.array_types import C64, F32, F64, Audio
from dap_stream.dsp import stft_kernels
from dap_stream.dsp.stft import StftSpec

Each: TypeAlias = Callable[..., Iterable[Any]]
"""`parallel_map`, or `map` where a thread would take longer to wake than the work takes."""

_Block = TypeVar("_Block", F32, F64)


class Analyser:
    """Cuts a stream into frames. State: the samples that the next frames still need."""

    def __init__(self, spec: StftSpec, channels: int, each: Each = parallel.parallel_map) -> None:
        self._spec, self._each = spec, each
        self._recent = np.zeros((channels, spec.n_fft - spec.hop), np.float32)

    def advance(self, samples: F32) -> tuple[C64, C64]:
        """``[channels, frames hop]`` to spectra ``[channels, frames, bins]`` in both windows."""
        spec = self._spec
        joined = np.concatenate((self._recent, samples), axis=1)
        self._recent = joined[:, samples.shape[1] :].copy()
        pieces = [(channel, window) for window in (spec.analysis, spec.observation) for channel in joined]
        spectra = list(self._each(lambda piece: spec.spectrum(*piece), pieces))
        return np.stack(spectra[: len(joined)]), np.stack(spectra[len(joined) :])


class Synthesiser:
    """Overlap-add of a stream of spectra. State: the samples that later frames still add to."""

    def __init__(self, spec: StftSpec, channels: int, each: Each = parallel.parallel_map) -> None:
        self._spec, self._each = spec, each
        self._open = np.zeros((channels, spec.n_fft - spec.hop), np.float32)

    def advance(self, spectrum: C64) -> F32:
        """``[channels, frames, bins]`` to ``[channels, frames hop]``, late by n_fft - hop samples."""
        spec = self._spec
        n_new = spectrum.shape[1] * spec.hop
        out = np.zeros((len(spectrum), n_new + spec.n_fft - spec.hop), np.float32)
        out[:, : self._open.shape[1]] = self._open
        for channel, frames in zip(out, self._each(spec.frames, spectrum), strict=True):
            stft_kernels.overlap_add(frames, spec.synthesis, spec.hop, channel)
        self._open = out[:, n_new:].copy()
        return out[:, :n_new]


@dataclass
class _Queue(Generic[_Block]):
    """Of both blocks the first ``filled`` samples are done with: taken in, and given out."""

    block_in: _Block
    block_out: _Block
    filled: int = 0


class FixedBlocks(Generic[_Block]):
    """Feeds ``advance``, which wants exactly ``block_size`` samples, from buffers of any size.

    n samples in, n samples out, ``block_size`` late. Work is done as soon as a block is full, so what
    comes out does not depend on the buffers. Blocks are of ``dtype``, whatever the buffers are.
    """

    def __init__(
        self,
        block_size: int,
        channels: int,
        advance: Callable[[_Block], _Block],
        dtype: type[np.float32 | np.float64] = np.float32,
    ) -> None:
        self.latency = block_size
        self._advance: Callable[[_Block], _Block] = advance
        block_in, block_out = np.zeros((2, channels, block_size), dtype)
        self._queue: _Queue[_Block] = _Queue(block_in, block_out)  # type: ignore[arg-type]  # as dtype says

    def process(self, buffer: Audio, out: Audio | None = None) -> Audio:
        """``[channels, n]`` in, ``[channels, n]`` out; ``out``, which may be ``buffer``, gets it if given."""
        queue = self._queue
        out = np.empty_like(buffer, order="C") if out is None else out
        done = 0
        while done < buffer.shape[1]:
            take = min(buffer.shape[1] - done, self.latency - queue.filled)
            span = slice(queue.filled, queue.filled + take)
            queue.block_in[:, span] = buffer[:, done : done + take]
            out[:, done : done + take] = queue.block_out[:, span]
            queue.filled += take
            done += take
            if queue.filled == self.latency:
                queue.block_out = self._advance(queue.block_in.copy())
                queue.filled = 0
        return out
