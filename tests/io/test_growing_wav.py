"""A WAV file that can be read while it is being written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from live_signals import noise
from recordings import read

from dap_stream.errors import OutputError
from dap_stream.io.file_source import FileSource
from dap_stream.io.growing_wav import HEAD_BYTES, GrowingWave, begin_together


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("most", [2**32 - 1, 3000])
def test_the_file_can_be_read_after_each_write(most: int) -> None:
    """``most``: where RF64 begins, 4 GiB or in the middle of this test."""
    audio = noise(2, 1000)
    wave = GrowingWave("a.wav", 48000, 2, most=most)
    begin_together([wave])
    for end in range(100, 1001, 100):
        wave.write(audio[:, end - 100 : end])
        np.testing.assert_array_equal(read(Path("a.wav"), "float32"), audio[:, :end])
    wave.close()
    with FileSource("a.wav") as source:
        assert (source.n_samples, source.sample_rate, source.channels) == (1000, 48000, 2)
    assert Path("a.wav").read_bytes()[:4] == (b"RIFF" if most > 3000 else b"RF64")


def test_what_the_header_does_not_count_yet_is_no_harm() -> None:
    """Killed between the samples and the header."""
    wave = GrowingWave("a.wav", 48000, 1)
    begin_together([wave])
    wave.write(noise(1, 500))
    wave.close()
    with Path("a.wav").open("ab") as file:
        file.write(noise(1, 300).tobytes())
    assert read(Path("a.wav")).shape == (1, 500)
    with FileSource("a.wav") as source:
        assert source.n_samples == 800 and source.doubt is not None


def test_an_existing_file_stays() -> None:
    Path("a.wav").write_text("old")
    with pytest.raises(OutputError, match="exists already"):
        GrowingWave("a.wav", 48000, 1)
    assert Path("a.wav").read_text() == "old"
    forced = GrowingWave("a.wav", 48000, 1, force=True)
    assert Path("a.wav").read_text() == "old", "until it is known that the recording can begin"
    begin_together([forced])
    forced.close()
    assert Path("a.wav").stat().st_size == HEAD_BYTES
