"""Samples that are numbers and no sound: silence there, counted, and the rest as if nothing had been."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from recordings import FAST, sound

from dap_stream import Denoiser, DenoiseSettings, LiveDenoiser, denoise
from dap_stream.cli.main import main
from dap_stream.core.arrays import ArraySource, process_array
from dap_stream.core.finite import MAX_SAMPLE
from dap_stream.core.processors import Bypass
from dap_stream.core.render import render
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat
from dap_stream.realtime.callback_kernel import ENERGY_IN, NON_FINITE
from dap_stream.realtime.duplex_buffer import DuplexBuffer

CLASSICAL = DenoiseSettings(generator="classical")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("value", "dtype"), [(3e38, "f4"), (-3e38, "f4"), (3e38, "f8"), (1e300, "f8"), (-1.7e308, "f8")]
)
def test_as_if_it_were_silence(value: float, dtype: str) -> None:
    audio = sound(1.0).astype(dtype)
    silent, absurd = audio.copy(), audio.copy()
    silent[0, 5000], absurd[0, 5000] = 0.0, value
    for processor in (Denoiser(16000, settings=CLASSICAL), LiveDenoiser(16000, settings=CLASSICAL)):
        np.testing.assert_array_equal(process_array(processor, absurd), process_array(processor, silent))
    made = denoise(absurd, 16000, generator="classical")
    assert np.isfinite(made).all() and np.abs(made).max() < 2.0


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_random_bytes_come_out_as_numbers(dtype: str, rng: np.random.Generator) -> None:
    audio = np.frombuffer(rng.bytes(16000 * int(dtype[1])), dtype)[np.newaxis]
    for processor in (Denoiser(16000, settings=CLASSICAL), LiveDenoiser(16000, settings=CLASSICAL)):
        assert np.isfinite(process_array(processor, audio)).all()


def test_the_place_is_that_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    audio = sound(2.0)
    audio[0, [20000, 24000]] = 3e38, 2e30
    soundfile.write("a.wav", audio.T, 16000, "FLOAT")
    for options in ((), ("--start", "1")):
        assert main(["denoise", "a.wav", "-o", "b.wav", "--force", *options, *FAST]) == 0
        err = capsys.readouterr().err
        assert "2 samples are no sound (NaN, infinite or beyond 1e+30), the first at 0:01.250;" in err
    assert np.abs(soundfile.read("b.wav")[0]).max() < 2.0


def test_a_live_stream_takes_it_as_silence() -> None:
    buffer = DuplexBuffer(Bypass(), 1, 16000, 64)
    shared: Any = buffer.shared
    source = np.full((1, 64), 0.1, np.float32)
    source[0, [3, 5, 7]] = 3e38, -np.inf, MAX_SAMPLE
    buffer.exchange(source, np.zeros((1, 64), np.float32))
    assert shared.counts[NON_FINITE] == 2
    assert np.isfinite(shared.meter[:, ENERGY_IN]).all()


@pytest.mark.parametrize(("bits", "subtype"), [(8, "PCM_U8"), (16, "PCM_16")])
def test_a_sum_that_full_scale_breaks_by_one_step_is_told(bits: int, subtype: str) -> None:
    """The removed part of +127 (of 128) where the result is -1 is +128, which 8 bits do not have."""

    class Falling(Bypass):
        def process(self, buffer: Any) -> Any:
            return np.full_like(buffer, -step)

    step = 2.0 ** (1 - bits)
    source = ArraySource(np.full((1, 1000), 1.0 - step, np.float32), 16000)
    file_format = FileFormat("WAV", subtype, 16000, 1)
    with FileSink("w.wav", file_format, 1000) as sink, FileSink("r.wav", file_format, 1000) as removed:
        record = render(source, Falling(), sink, removed)
    with FileSource("r.wav") as kept:
        assert (kept.read(1000) == 1.0 - step).all()
    assert record.removed_clipped == 1000 and record.clipped == 0
