from __future__ import annotations

import numpy as np
import pytest

from dap_stream.core.arrays import ArraySink, ArraySource
from dap_stream.errors import SettingError


def test_source_hands_out_everything_once(rng: np.random.Generator) -> None:
    audio = rng.standard_normal((3, 100)).astype(np.float32)
    with ArraySource(audio, 8000) as source:
        assert (source.sample_rate, source.channels, source.n_samples) == (8000, 3, 100)
        pieces = [source.read(33) for _ in range(5)]
        assert [piece.shape[1] for piece in pieces] == [33, 33, 33, 1, 0]
        assert all(piece.flags.c_contiguous for piece in pieces)
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), audio)
        source.seek(90)
        np.testing.assert_array_equal(source.read(100), audio[:, 90:])


def test_sink_copies_what_it_is_given() -> None:
    buffer = np.ones((1, 4), np.float64)
    with ArraySink() as sink:
        np.testing.assert_array_equal(sink.write(buffer), buffer)
        buffer[:] = 0.0
        sink.write(buffer)
        sink.commit()
    np.testing.assert_array_equal(sink.audio, [[1, 1, 1, 1, 0, 0, 0, 0]])
    assert sink.audio.dtype == np.float64


def test_audio_of_an_incomplete_run_is_not_given() -> None:
    with ArraySink() as sink:
        sink.write(np.zeros((1, 4), np.float32))
    with pytest.raises(SettingError, match="not completed"):
        _ = sink.audio


@pytest.mark.parametrize("audio", [np.zeros(5, np.float32), np.zeros((1, 5), np.int16)])
def test_source_refuses_other_arrays(audio: np.ndarray) -> None:
    with pytest.raises(SettingError, match=r"\[channels, samples\]"):
        ArraySource(audio, 8000)
