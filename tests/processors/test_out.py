"""Results in the caller's own memory, and what other threads do meanwhile."""

from __future__ import annotations

import sys
import threading
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest
from recordings import sound

from dap_stream import Chain, Denoiser, DenoiseSettings, Gain, GainSettings, LiveDenoiser
from dap_stream.errors import SettingError

RATE = 16000
SETTINGS = DenoiseSettings(generator="classical", block_s=0.1)


def make(kind: str, wet: float = 1.0) -> Denoiser | LiveDenoiser | Chain:
    settings = DenoiseSettings(generator="classical", block_s=0.1, wet=wet)
    if kind == "chain":
        return Chain([LiveDenoiser(RATE, 2, settings), Gain(RATE, 2, GainSettings(gain_db=3.0))])
    return (Denoiser if kind == "file" else LiveDenoiser)(RATE, 2, settings)


def pieces(dtype: Any) -> list[np.ndarray]:
    audio = sound(0.8, RATE, 2).astype(dtype)
    return np.split(audio, (1, 500, 500, 777, 6000, 6256), axis=1)


@pytest.mark.parametrize("kind", ["file", "live", "chain"])
@pytest.mark.parametrize("wet", [1.0, 0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_come_into_any_memory(kind: str, wet: float, dtype: Any) -> None:
    plain, fresh, in_place, turned = (make(kind, wet) for _ in range(4))
    for piece in pieces(dtype):
        expected = plain.process(piece)
        out = np.full_like(piece, 7.0)
        assert fresh.process(piece, out=out) is out
        own = piece.copy()
        assert in_place.process(own, out=own) is own
        frames = np.ascontiguousarray(piece.T)  # as hosts have them that keep channels together
        turned.process(frames.T, out=frames.T)
        for found in (out, own, frames.T):
            np.testing.assert_array_equal(found, expected)


def test_memory_that_overlaps_with_what_is_still_to_be_read() -> None:
    plain, shifted = LiveDenoiser(RATE, 1, SETTINGS), LiveDenoiser(RATE, 1, SETTINGS)
    for piece in pieces(np.float32):
        n = piece.shape[1]
        room = np.zeros((1, n + 9), np.float32)
        room[:, :n] = piece[:1]
        shifted.process(room[:, :n], out=room[:, 9:])
        np.testing.assert_array_equal(room[:, 9:], plain.process(piece[:1]))


def test_no_memory_is_asked_for_the_result() -> None:
    """Of float32 at full wet: it goes straight to where it is wanted."""
    buffer = sound(30.0, RATE).astype(np.float32)
    peaks = []
    for out in (None, np.empty_like(buffer)):
        live = LiveDenoiser(RATE, 1, SETTINGS)
        live.process(buffer[:, :4096])
        tracemalloc.start()
        live.process(buffer, out=out)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[0] - peaks[1] > 0.3 * buffer.nbytes, peaks


@pytest.mark.parametrize(
    "out",
    [np.empty((1, 5), np.float32), np.empty((2, 4), np.float32), np.empty((2, 5))],
    ids=["channels", "length", "dtype"],
)
@pytest.mark.parametrize("kind", ["live", "chain"])
def test_memory_that_does_not_fit_is_refused_before_anything_is_taken(kind: str, out: np.ndarray) -> None:
    processor, other = make(kind), make(kind)
    with pytest.raises(SettingError, match=r"out of .* must be float32"):
        processor.process(np.ones((2, 5), np.float32), out=out)
    locked = np.empty((2, 5), np.float32)
    locked.flags.writeable = False
    with pytest.raises(SettingError, match="writable"):
        processor.process(np.ones((2, 5), np.float32), out=locked)
    piece = pieces(np.float32)[4]
    np.testing.assert_array_equal(processor.process(piece), other.process(piece))


@pytest.mark.parametrize("kind", ["file", "live"])
def test_other_threads_go_on_while_it_processes(kind: str) -> None:
    """Nobody is interrupted here: whoever counts gets to it only where the lock is let go on purpose."""
    processor = make(kind)
    piece = sound(1.0, RATE, 2).astype(np.float32)
    processor.process(piece)  # compiled
    counted, is_over, interval = 0, threading.Event(), sys.getswitchinterval()

    def count() -> None:
        nonlocal counted
        while not is_over.is_set():
            counted += 1
            time.sleep(0)

    sys.setswitchinterval(1000.0)
    thread = threading.Thread(target=count)
    try:
        thread.start()
        before = counted
        for _ in range(20):
            processor.process(piece)
        during = counted - before
    finally:
        is_over.set()
        sys.setswitchinterval(interval)
        thread.join()
    assert during > 200
