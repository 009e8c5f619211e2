"""A recording heard through a processor: aligned, from anywhere, to its end."""

from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.processed_source import ProcessedSource
from dap_stream.core.processors import Bypass, Chain, Delay


def read_all(source: ProcessedSource, n_samples: int) -> np.ndarray:
    pieces = []
    while (piece := source.read(n_samples)).shape[1]:
        assert piece.shape[1] <= n_samples
        pieces.append(piece)
    return np.concatenate(pieces, axis=1)


@pytest.mark.parametrize("latency", [0, 1, 300, 5000])
@pytest.mark.parametrize("start", [0, 1, 1999])
def test_it_is_aligned_from_wherever_reading_begins(
    latency: int, start: int, rng: np.random.Generator
) -> None:
    audio = rng.uniform(-1, 1, (2, 2000)).astype(np.float32)
    source = ProcessedSource(ArraySource(audio, 8000), Chain([Delay(latency, 2), Bypass(2)]))
    assert (source.sample_rate, source.channels, source.n_samples) == (8000, 2, 2000)
    for _ in range(2):  # the second time after an end
        source.seek(start)
        np.testing.assert_array_equal(read_all(source, 700), audio[:, start:])


def test_a_whole_array_comes_back_aligned_in_its_shape(rng: np.random.Generator) -> None:
    audio = rng.uniform(-1, 1, 1000)
    np.testing.assert_array_equal(process_array(Delay(123), audio), audio)
