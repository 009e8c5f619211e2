"""Arrays as source and sink: for tests, for notebooks, for programs that have their own I/O."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from dap_stream.errors import SettingError
from dap_stream.processor import Audio


class ArraySource:
    """Reads from an array ``[channels, samples]``, float32 or float64, which is not copied."""

    def __init__(self, audio: Audio, sample_rate: int) -> None:
        if audio.ndim != 2 or audio.dtype not in (np.float32, np.float64):
            raise SettingError(
                f"audio of shape {audio.shape} and type {audio.dtype} must be [channels, samples], "
                "float32 or float64"
            )
        self.sample_rate = sample_rate
        self.channels: int = audio.shape[0]
        self.n_samples: int | None = audio.shape[1]
        self._audio = audio
        self._position = 0

    def read(self, n_samples: int) -> Audio:
        """The next ``[channels, <= n_samples]``, C-contiguous; ``[channels, 0]`` at the end."""
        piece = self._audio[:, self._position : self._position + n_samples]
        self._position += piece.shape[1]
        return np.ascontiguousarray(piece)

    def seek(self, sample: int) -> None:
        """Continue reading at this sample."""
        self._position = sample

    def __enter__(self) -> ArraySource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class ArraySink:
    """Keeps all that is written; `audio` is there after `commit`. Floats are stored as they come."""

    def __init__(self) -> None:
        self.clipped = 0
        self._pieces: list[Audio] = []
        self._audio: Audio | None = None

    def write(self, audio: Audio) -> Audio:
        """Keep a copy of ``[channels, n]`` and return the same values."""
        self._pieces.append(audio.copy())
        return audio

    def finish(self) -> None:
        """Nothing can fail here."""

    def commit(self) -> None:
        """Join the pieces."""
        self._audio = np.concatenate(self._pieces, axis=1)
        self._pieces.clear()

    @property
    def audio(self) -> Audio:
        """All samples ``[channels, samples]``."""
        if self._audio is None:
            raise SettingError("the run was not completed, so there is no audio; call commit() first")
        return self._audio

    def __enter__(self) -> ArraySink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pieces.clear()
