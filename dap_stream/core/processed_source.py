"""A recording as it sounds after a processor, for what has to be learned from it there."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import Processor
from dap_stream.core.streams import SeekableSource


class ProcessedSource:
    """``source`` through ``processor``, aligned with it; the processor begins anew wherever reading begins.

    Reading moves ``source``; leaving the ``with`` block does not close it.
    """

    def __init__(self, source: SeekableSource, processor: Processor) -> None:
        self.sample_rate, self.channels, self.n_samples = (
            source.sample_rate,
            source.channels,
            source.n_samples,
        )
        self._source, self._processor = source, processor
        self._begin()

    def _begin(self) -> None:
        self._processor.reset()
        self._ready: Audio = np.zeros((self.channels, 0), np.float32)
        self._n_skip, self._is_ended = self._processor.latency, False

    def seek(self, sample: int) -> None:
        """The next read starts at ``sample``."""
        self._source.seek(sample)
        self._begin()

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``; ``[channels, 0]`` at the end."""
        while self._ready.shape[1] == 0 and not self._is_ended:
            audio = self._source.read(n_samples)
            self._is_ended = audio.shape[1] == 0
            out = self._processor.flush() if self._is_ended else self._processor.process(audio)
            n_skip = min(self._n_skip, out.shape[1])
            self._n_skip -= n_skip
            self._ready = out[:, n_skip:]
        piece, self._ready = self._ready[:, :n_samples], self._ready[:, n_samples:]
        return piece

    def __enter__(self) -> ProcessedSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
