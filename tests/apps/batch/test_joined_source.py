"""Recordings one after the other: the same samples, wherever reading begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import read, sound, write

from dap_stream.apps.batch.joined_source import JoinedSource
from dap_stream.core.stream_format import StreamFormat

STREAM = StreamFormat(8000, 2)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"{i}.wav", sound(0.1 + 0.1 * i, 8000, 2, seed=i), 8000) for i in range(3)]


def sources(files: list[Path]) -> list[tuple[str, int]]:
    return [(str(path), read(path).shape[1]) for path in files]


@pytest.mark.parametrize("n", [100, 801, 100_000])
def test_it_is_what_concatenation_is(files: list[Path], n: int) -> None:
    whole = np.concatenate([read(path, "float32") for path in files], axis=1)
    with JoinedSource(sources(files), STREAM) as source:
        assert source.n_samples == whole.shape[1]
        pieces = []
        while (piece := source.read(n)).shape[1]:
            pieces.append(piece)
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
        for start in (4799, 0, 799, 800, 2399):
            source.seek(start)
            piece = source.read(10)
            np.testing.assert_array_equal(piece, whole[:, start : start + piece.shape[1]])
            assert piece.shape[1] >= 1


def test_what_cannot_be_read_is_silence(files: list[Path]) -> None:
    named = sources(files)
    files[1].write_bytes(b"no audio any more")
    with JoinedSource(named, STREAM) as source:
        source.seek(named[0][1])
        assert not source.read(100).any() and source.read(2000).shape[1] == named[1][1] - 100
        assert source.read(100).any()
