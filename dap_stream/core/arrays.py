"""Arrays as source and sink: for tests, for notebooks, for programs that have their own I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import Audio
from dap_stream.core.processor import Processor
from dap_stream.core.stream_format import MAX_CHANNELS
from dap_stream.errors import SettingError


def as_audio(audio: npt.ArrayLike) -> tuple[Audio, tuple[int, ...]]:
    """Anything that holds samples as float ``[channels, samples]``, and the shape it had.

    Integers are scaled by their full scale, unsigned ones around their middle: to float32 up to 16 bits, else
    to float64. Byte order is made this machine's. SettingError for what is no sound: another number of
    dimensions, more channels than any recording has, numbers of another kind.
    """
    array = np.asarray(audio)
    if array.ndim not in (1, 2):
        raise SettingError(f"audio of shape {array.shape} must be [samples] or [channels, samples]")
    if array.ndim == 2 and len(array) > MAX_CHANNELS:
        hint = "; it looks like [samples, channels]: pass audio.T" if array.shape[1] <= MAX_CHANNELS else ""
        raise SettingError(
            f"audio of shape {array.shape} has {len(array)} channels, 1..{MAX_CHANNELS} are possible{hint}"
        )
    if array.dtype.kind in "iu":
        half = 2.0 ** (8 * array.dtype.itemsize - 1)
        kind = np.float32 if array.dtype.itemsize <= 2 else np.float64
        middle = half if array.dtype.kind == "u" else 0.0
        array = ((array.astype(np.float64) - middle) / half).astype(kind)
    elif array.dtype.kind != "f":
        raise SettingError(f"audio of dtype {array.dtype} must be float32, float64 or integers")
    else:
        array = array.astype(np.float32 if array.dtype.itemsize <= 4 else np.float64, copy=False)
    return np.atleast_2d(array), array.shape


def process_array(processor: Processor, audio: Audio) -> Audio:
    """A whole array through a processor, aligned.

    Parameters
    ----------
    processor
        Any; reset before and after.
    audio
        ``[samples]`` or ``[channels, samples]``, float32 or float64.

    Returns
    -------
    numpy.ndarray
        Of the same shape and dtype.
    """
    processor.reset()
    pieces = list(process_buffers(processor, [np.atleast_2d(audio)]))
    return np.concatenate(pieces, axis=1).reshape(audio.shape)


def process_buffers(processor: Processor, buffers: Iterable[Audio]) -> Iterator[Audio]:
    """A stream through a processor, aligned: what comes out belongs to what has gone in.

    Parameters
    ----------
    processor
        Any; used from where it stands, and reset at the end.
    buffers
        ``[channels, n]`` each, of any n.

    Yields
    ------
    numpy.ndarray
        ``[channels, m]``; all of them together are as long as the input. The last ``latency`` samples come
        when the input has ended.
    """
    n_skip = processor.latency
    for buffer in buffers:
        out = processor.process(buffer)[:, n_skip:]
        n_skip -= min(n_skip, buffer.shape[1])
        yield out
    yield processor.flush()[:, n_skip:]


class ArraySource:
    """A source that reads from an array, which is not copied.

    Parameters
    ----------
    audio
        ``[channels, samples]``, float32 or float64.
    sample_rate
        Hz.

    Raises
    ------
    SettingError
        If the array has another shape or type.
    """

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
    """A sink that keeps all that is written; `audio` is there after `commit`. Floats stay as they are."""

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
