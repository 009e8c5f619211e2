"""Recordings one after the other as one source, to learn what they have in common."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from types import TracebackType

import numpy as np

from dap_stream.core.array_types import Audio
from dap_stream.core.stream_format import StreamFormat
from dap_stream.errors import InputError
from dap_stream.io.open_audio import AnyFileSource, open_audio


class JoinedSource:
    """Files of the same rate and channels, of which one is open at a time.

    What cannot be decoded is silence: one bad recording does not spoil what is learned from the others.

    Parameters
    ----------
    sources
        Path and length in samples of each, in the order that makes the result.
    stream
        Rate and channels of all of them.
    """

    def __init__(self, sources: Sequence[tuple[str, int]], stream: StreamFormat) -> None:
        self.sample_rate, self.channels = stream.sample_rate, stream.channels
        self._paths = [path for path, _ in sources]
        self._starts = [0, *accumulate(length for _, length in sources)]
        self.n_samples: int | None = self._starts[-1]
        self._position = 0
        self._index = -1
        self._file: AnyFileSource | None = None

    def seek(self, sample: int) -> None:
        """The next read starts at ``sample`` of all together."""
        self._position = sample

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``, of one recording; ``[channels, 0]`` at the end."""
        index = min(bisect_right(self._starts, self._position) - 1, len(self._paths) - 1)
        n_samples = max(min(n_samples, self._starts[index + 1] - self._position), 0)
        audio = self._read(index, self._position - self._starts[index], n_samples) if n_samples else None
        if audio is None or audio.shape != (self.channels, n_samples):
            audio = np.zeros((self.channels, n_samples), np.float32)
        self._position += n_samples
        return audio

    def _read(self, index: int, start: int, n_samples: int) -> Audio | None:
        """None where it cannot be read."""
        try:
            if index != self._index:
                self._close()
                self._index, self._file = index, open_audio(self._paths[index])
            if self._file is None:
                return None
            self._file.seek(start)
            return self._file.read(n_samples)
        except InputError:
            self._close()
            self._index = index  # it is not tried once more
            return None

    def _close(self) -> None:
        if self._file is not None:
            self._file.__exit__(None, None, None)
        self._file = None

    def __enter__(self) -> JoinedSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
