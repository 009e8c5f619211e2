from __future__ import annotations

import io
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import ArraySink, ArraySource
from dap_stream.core.processors import Bypass, Delay
from dap_stream.core.render import render
from dap_stream.errors import InputError, OutputError, SettingError
from dap_stream.io.formats import FileFormat
from dap_stream.io.pipe import PipeSink, PipeSource
from dap_stream.io.pipe_format import PipeFormat

ENCODINGS = {
    "u8": "PCM_U8",
    "s16le": "PCM_16",
    "s24le": "PCM_24",
    "s32le": "PCM_32",
    "f32le": "FLOAT",
    "f64le": "DOUBLE",
}


def wav_bytes(audio: Audio, subtype: str, container: str = "WAV") -> bytes:
    """As libsndfile writes it: another hand than ours."""
    file = io.BytesIO()
    soundfile.write(file, audio.T, 48000, subtype, format=container)
    return file.getvalue()


def read_all(source: PipeSource, size: int = 1000) -> Audio:
    sink = ArraySink()
    render(source, Bypass(source.channels), sink, buffer_size=size)
    return sink.audio


class Trickle(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    def read(self, size: int = -1) -> bytes:
        n = min(size, self._size)
        head, self._data = self._data[:n], self._data[n:]
        return head


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_wav_of_libsndfile_is_read_exactly(rng: np.random.Generator, encoding: str, container: str) -> None:
    audio = rng.uniform(-1, 1, (3, 5001))
    data = wav_bytes(audio, ENCODINGS[encoding], container)
    source = PipeSource(io.BytesIO(data))
    assert (source.format, source.n_samples) == (PipeFormat(encoding, 48000, 3), 5001)
    expected = soundfile.read(io.BytesIO(data))[0].T
    out = read_all(source)
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == (np.float64 if encoding in ("s32le", "f64le") else np.float32)


@pytest.mark.parametrize("n_samples", [None, 4999])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_wav_that_we_send_is_read_exactly_by_libsndfile(
    rng: np.random.Generator, tmp_path: Path, encoding: str, n_samples: int | None
) -> None:
    audio = rng.uniform(-1, 1, (1, 4999))
    stream = io.BytesIO()
    sink = PipeSink(stream, PipeFormat(encoding, 48000, 1), n_samples)
    stored = sink.write(audio)
    sink.commit()
    (tmp_path / "a.wav").write_bytes(stream.getvalue())
    got, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 48000 and soundfile.info(tmp_path / "a.wav").subtype == ENCODINGS[encoding]
    np.testing.assert_array_equal(got, stored[0])


@given(
    encoding=st.sampled_from(list(ENCODINGS)),
    channels=st.integers(1, 5),
    n_samples=st.integers(1, 60),
    trickle=st.integers(1, 50),
    buffer_size=st.integers(1, 70),
    latency=st.integers(0, 70),
)
def test_raw_in_raw_out_loses_no_byte(
    encoding: str, channels: int, n_samples: int, trickle: int, buffer_size: int, latency: int
) -> None:
    raw = PipeFormat.parse(f"{encoding}:44100:{channels}")
    if encoding[0] == "f":
        numbers = np.arange(n_samples * channels, dtype=f"<f{raw.width // channels}")
        data = (numbers / 7).tobytes()
    else:
        data = (np.arange(n_samples * raw.width) * 37 % 256).astype(np.uint8).tobytes()
    out = io.BytesIO()
    source = PipeSource(Trickle(data, trickle), raw)
    assert source.n_samples is None
    record = render(source, Delay(latency, channels), PipeSink(out, raw), buffer_size=buffer_size)
    assert record.n_samples == n_samples and out.getvalue() == data


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_placeholder_sizes_mean_until_the_end(rng: np.random.Generator, size: int) -> None:
    data = bytearray(wav_bytes(rng.uniform(-1, 1, (1, 500)), "PCM_16"))
    data[40:44] = size.to_bytes(4, "little")
    source = PipeSource(io.BytesIO(bytes(data)))
    assert source.n_samples is None
    assert read_all(source).shape == (1, 500)


def test_chunks_after_the_samples_are_no_samples_but_are_received(rng: np.random.Generator) -> None:
    stream = io.BytesIO(wav_bytes(rng.uniform(-1, 1, (1, 500)), "PCM_16") + b"LIST\4\0\0\0abcd")
    assert read_all(PipeSource(stream)).shape == (1, 500)
    assert stream.read() == b""


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not a WAV stream"),
        (b"hello, I am not audio", "not a WAV stream"),
        (wav_bytes(np.zeros((1, 5)), "PCM_16")[:30], "broken fmt|ends in its header"),
        (wav_bytes(np.zeros((1, 5)), "PCM_16")[:12] + b"data\4\0\0\0abcd", "no fmt chunk"),
        (wav_bytes(np.zeros((1, 500)), "PCM_16")[:-480], r"truncated: 0\.005 s of 0\.010 s"),
        (wav_bytes(np.zeros((1, 500)), "PCM_16")[:-481], "truncated"),
        (wav_bytes(np.zeros((1, 0)), "PCM_16"), "no samples"),
        (wav_bytes(np.zeros((1, 500)), "IMA_ADPCM"), "format tag 17"),
    ],
)
def test_bad_streams(data: bytes, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        read_all(PipeSource(io.BytesIO(data)))
    assert str(caught.value).startswith("standard input: ")


def test_raw_that_ends_within_a_sample() -> None:
    source = PipeSource(io.BytesIO(bytes(4 * 10 + 3)), PipeFormat.parse("s16le:8000:2"))
    assert source.read(100).shape == (2, 10), "what is whole is delivered first"
    with pytest.raises(InputError, match="within a sample of 4 bytes"):
        source.read(100)


@pytest.mark.parametrize(
    "text",
    ["", "f32le", "f32le:48000", "mp3:48000:2", "f32le:x:2", "f32le:48000:0", "f32le:0:1", "f32le:8000:2:1"],
)
def test_raw_formats_that_make_no_sense(text: str) -> None:
    with pytest.raises(SettingError, match="raw="):
        PipeFormat.parse(text)


def test_file_formats_and_pipe_formats_translate() -> None:
    for encoding in ENCODINGS:
        pipe_format = PipeFormat(encoding, 8000, 2)
        assert PipeFormat.from_file(pipe_format.as_file()) == pipe_format
    assert PipeFormat.from_file(FileFormat("CAF", "ALAC_20", 8000, 1)).encoding == "s24le"
    assert PipeFormat.from_file(FileFormat("MP3", "MPEG_LAYER_III", 8000, 1)).encoding == "f32le"


def test_output_leaves_as_soon_as_input_arrives() -> None:
    """The sender waits for the answer to each buffer: a pipe that holds back would never end."""
    raw = PipeFormat.parse("f32le:8000:1")
    to_us, from_sender = os.pipe()
    to_receiver, from_us = os.pipe()

    def ours() -> None:
        with io.FileIO(to_us, "rb") as stdin, open(from_us, "wb") as stdout:
            render(PipeSource(stdin, raw), Bypass(), PipeSink(stdout, raw))

    thread = threading.Thread(target=ours, daemon=True)
    thread.start()
    for value in (0.25, 0.5, 0.75):
        sent = np.full(10, value, "<f4").tobytes()
        os.write(from_sender, sent)
        assert select.select([to_receiver], [], [], 20)[0], "nothing came back"
        assert os.read(to_receiver, 1000) == sent
    os.close(from_sender)
    thread.join(timeout=20)
    assert not thread.is_alive()
    os.close(to_receiver)


class Reluctant(io.BytesIO):
    """A pipe that takes a few bytes at a time."""

    def write(self, data: bytes | memoryview, /) -> int:  # type: ignore[override]  # all that we send
        return super().write(memoryview(data)[:7])


def test_every_byte_is_sent_even_if_the_pipe_takes_few_at_a_time(rng: np.random.Generator) -> None:
    audio = rng.uniform(-1, 1, (2, 100)).astype(np.float32)
    stream = Reluctant()
    render(ArraySource(audio, 8000), Bypass(2), PipeSink(stream, PipeFormat.parse("f32le:8000:2")))
    np.testing.assert_array_equal(np.frombuffer(stream.getvalue(), "<f4").reshape(-1, 2).T, audio)


def test_a_reader_that_leaves_ends_the_run() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    source = ArraySource(np.zeros((1, 100), np.float32), 8000)
    with io.FileIO(write_end, "wb") as stream, pytest.raises(OutputError, match="has ended"):
        render(source, Bypass(), PipeSink(stream, PipeFormat("s16le", 8000, 1)))


def test_a_full_disk_behind_a_redirection() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("/dev/full is a Linux device")
    source = ArraySource(np.zeros((1, 100), np.float32), 8000)
    with io.FileIO("/dev/full", "wb") as stream, pytest.raises(OutputError, match="No space left"):
        render(source, Bypass(), PipeSink(stream, PipeFormat("s16le", 8000, 1)))


def test_whole_program_in_a_pipeline(rng: np.random.Generator) -> None:
    script = """
from dap_stream.core.render import render
from dap_stream.io.pipe import PipeSink, PipeSource, standard_input, standard_output
from dap_stream.core.processors import Delay
source = PipeSource(standard_input())
render(source, Delay(1000, source.channels), PipeSink(standard_output(), source.format, source.n_samples))
"""
    data = wav_bytes(rng.uniform(-1, 1, (2, 200_001)), "PCM_16")
    result = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert result.stdout == data and result.stderr == b""
