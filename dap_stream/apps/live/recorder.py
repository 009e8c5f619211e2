"""Recorder of what was heard, and of the untouched sound beside it, in two files that survive a crash."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from dap_stream.core.array_types import F32
from dap_stream.errors import OutputError, SettingError
from dap_stream.io.growing_wav import GrowingWave, begin_together

WRITE_S = 0.25  # between two pieces: what a crash may cost
WAITING_S = 30.0  # of sound in memory that a disk may be late


def dry_name(path: str) -> str:
    """``take.wav``: ``take_dry.wav``."""
    name = Path(path)
    return str(name.with_name(f"{name.stem}_dry{name.suffix}"))


class Recorder:
    """Writes ``path`` (what was heard) and ``path_dry``, sample for sample side by side, in its own thread.

    `put` never waits for the disk. If a disk is full the files end there, readable, and `error` says why: the
    stream goes on.
    """

    def __init__(self, path: str, sample_rate: int, channels: int, force: bool = False) -> None:
        if Path(path).suffix.lower() not in (".wav", ".wave"):
            raise SettingError(
                f"--record {path}: the recording is a WAV file; choose a name that ends in .wav"
            )
        self.sample_rate, self.channels = sample_rate, channels
        with ExitStack() as stack:
            waves = []
            for name in (path, dry_name(path)):
                waves.append(GrowingWave(name, sample_rate, channels, force))
                stack.callback(waves[-1].give_up)
            # Only now: both can be written, so what is replaced is not lost for nothing.
            begin_together(waves)
            self._heard, self._dry = waves
            stack.pop_all()
        self.paths = (path, dry_name(path))
        self.error: OutputError | None = None
        self._has_failed = False
        self._waiting: deque[tuple[F32, F32]] = deque()
        self._n_put = self._n_taken = 0  # samples; each has one writer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dap_stream record", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """Length of what is in both files."""
        return min(self._heard.n_samples, self._dry.n_samples) / self.sample_rate

    def put(self, dry: F32, heard: F32) -> None:
        """Two times ``[channels, n]``, kept and written soon."""
        if self.error is not None:
            return
        if self._n_put - self._n_taken > WAITING_S * self.sample_rate:
            self.error = OutputError(
                f"{self.paths[0]}: the disk is more than {WAITING_S:g} s behind; the recording ends here"
            )
            return
        self._n_put += dry.shape[1]
        self._waiting.append((dry, heard))

    def _run(self) -> None:
        while not self._stopping.wait(WRITE_S):
            self._write()
        self._write()

    def _write(self) -> None:
        pieces = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not pieces or self._has_failed:
            return
        self._n_taken += sum(dry.shape[1] for dry, _ in pieces)
        try:
            self._dry.write(np.concatenate([dry for dry, _ in pieces], axis=1))
            self._heard.write(np.concatenate([heard for _, heard in pieces], axis=1))
        except OutputError as error:
            self.error, self._has_failed = error, True

    def close(self) -> None:
        """Write what is left. A second time does nothing."""
        self._stopping.set()
        self._thread.join()
        self._heard.close()
        self._dry.close()
