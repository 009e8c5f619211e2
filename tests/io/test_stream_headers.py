"""Streams of every kind of header, from ffmpeg, libsndfile and by hand."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import tracemalloc

import numpy as np
import pytest
import soundfile

from dap_stream.core.array_types import Audio
from dap_stream.core.arrays import ArraySink
from dap_stream.core.processors import Bypass
from dap_stream.core.render import render
from dap_stream.errors import InputError
from dap_stream.io.pipe import PipeSink, PipeSource
from dap_stream.io.pipe_format import PipeFormat
from dap_stream.io.sample_encoding import ENCODINGS
from dap_stream.io.speakers import layout_of_mask, mask_of_layout


def ffmpeg(data: bytes, *options: str) -> bytes:
    """Through a pipe, so that nobody can go back and fill in a size."""
    command = ("ffmpeg", "-v", "error", "-i", "-", *options, "-")
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def sound(
    container: str, subtype: str, n_samples: int = 3001, channels: int = 3, endian: str = "FILE"
) -> bytes:
    """Noise as libsndfile writes it."""
    audio = np.random.default_rng(5).uniform(-1, 1, (n_samples, channels))
    file = io.BytesIO()
    soundfile.write(file, audio, 48000, subtype, endian, container)
    return file.getvalue()


def read_all(data: bytes) -> tuple[PipeSource, Audio]:
    source, sink = PipeSource(io.BytesIO(data)), ArraySink()
    render(source, Bypass(source.channels), sink, buffer_size=700)
    return source, sink.audio


def expected(data: bytes) -> Audio:
    """The same by libsndfile."""
    audio: Audio = soundfile.read(io.BytesIO(data), always_2d=True)[0].T
    return audio


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("pcm_s16le", ("-f", "wav")),
        ("pcm_s24le", ("-f", "wav", "-rf64", "always")),
        ("pcm_s24le", ("-f", "w64")),
        ("pcm_f32le", ("-f", "w64")),
        ("pcm_u8", ("-f", "w64")),
        ("pcm_s8", ("-f", "au")),
        ("pcm_s16be", ("-f", "au")),
        ("pcm_s24be", ("-f", "au")),
        ("pcm_f64be", ("-f", "au")),
        ("pcm_s16be", ("-f", "caf")),
        ("pcm_s24le", ("-f", "caf")),
        ("pcm_f32be", ("-f", "caf")),
        ("pcm_s8", ("-f", "aiff")),
        ("pcm_s24be", ("-f", "aiff")),
        ("pcm_s32be", ("-f", "aiff")),
        ("pcm_f32be", ("-f", "aiff")),
        ("pcm_s16le", ("-f", "aiff")),
    ],
)
def test_what_ffmpeg_pipes(codec: str, options: tuple[str, ...]) -> None:
    """Lengths are not in there: they mean until the end."""
    original = sound("WAV", "DOUBLE" if "f64" in codec else "PCM_24")
    data = ffmpeg(original, "-c:a", codec, *options)
    source, audio = read_all(data)
    # The same samples by way of ffmpeg, and not by the reader that is tested.
    raw = ffmpeg(original, "-c:a", codec, "-f", codec.removeprefix("pcm_"))
    reference = PipeFormat.parse(f"{codec.removeprefix('pcm_')}:48000:3")
    sink = ArraySink()
    render(PipeSource(io.BytesIO(raw), reference), Bypass(3), sink)
    assert (source.sample_rate, source.channels, source.n_samples) == (48000, 3, None)
    np.testing.assert_array_equal(audio, sink.audio)
    assert audio.shape == (3, 3001) and np.abs(audio).max() > 0.9


@pytest.mark.parametrize(
    ("container", "subtype", "endian"),
    [
        *(("W64", name, "FILE") for name in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
        *(("WAV", name, "BIG") for name in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
        *(
            (container, name, endian)
            for container in ("AU", "CAF", "AIFF")
            for endian in ("BIG", "LITTLE")
            for name in ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
            if container != "AIFF" or name in ("PCM_16", "PCM_24", "PCM_32")
        ),
        *(("AIFF", name, "FILE") for name in ("PCM_S8", "PCM_U8", "FLOAT", "DOUBLE")),
    ],
)
def test_what_libsndfile_writes(container: str, subtype: str, endian: str) -> None:
    data = sound(container, subtype, endian=endian)
    source, audio = read_all(data)
    np.testing.assert_array_equal(audio, expected(data)[:, :3001])
    assert source.n_samples is not None and source.n_samples == audio.shape[1]


def patched(data: bytes, at: int, form: str, *values: int) -> bytes:
    return data[:at] + struct.pack(form, *values) + data[at + struct.calcsize(form) :]


WAV, RF64, W64, AU, CAF, AIFF, RIFX = (
    sound("WAV", "PCM_16"),
    sound("RF64", "PCM_16"),
    sound("W64", "PCM_16"),
    sound("AU", "PCM_16"),
    sound("CAF", "PCM_16"),
    sound("AIFF", "PCM_16"),
    sound("WAV", "PCM_16", endian="BIG"),
)
HUGE = (2**64 - 1, 2**64 - 16, 2**63, 2**63 - 1, 2**60, 0)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *((f"RF64 {size:x}", patched(RF64, 28, "<Q", size)) for size in HUGE),
        *((f"BW64 {size:x}", b"BW64" + patched(RF64, 28, "<Q", size)[4:]) for size in HUGE),
        *((f"W64 {size:x}", patched(W64, W64.index(b"data") + 16, "<Q", size)) for size in HUGE),
        *((f"CAF {size:x}", patched(CAF, CAF.index(b"data") + 4, ">Q", size)) for size in HUGE),
        *((f"AU {size:x}", patched(AU, 8, ">I", size)) for size in (0, 0xFFFFFFFF, 0x7FFFFFFF)),
        *((f"RIFX {size:x}", patched(RIFX, 40, ">I", size)) for size in (0, 0xFFFFFFFF)),
        ("AIFF 0", patched(patched(AIFF, AIFF.index(b"SSND") + 4, ">I", 0), 22, ">I", 0)),
        ("AIFF -1", patched(patched(AIFF, AIFF.index(b"SSND") + 4, ">I", 0xFFFFFFFF), 22, ">I", 0xFFFFFFFF)),
    ],
)
def test_sizes_that_are_none_mean_until_the_end(name: str, data: bytes) -> None:
    source, audio = read_all(data)
    assert source.n_samples is None
    np.testing.assert_array_equal(audio, expected(WAV))


def test_the_number_of_samples_stands_in_for_an_unfilled_size() -> None:
    source, audio = read_all(patched(AIFF, AIFF.index(b"SSND") + 4, ">I", 0))
    assert source.n_samples == 3001
    np.testing.assert_array_equal(audio, expected(WAV))


def test_the_padding_behind_a_stream_of_unknown_length_is_no_sample() -> None:
    data = patched(sound("WAV", "PCM_24", 501, 1), 40, "<I", 0xFFFFFFFF)
    assert len(data) % 2 == 0
    assert read_all(data)[1].shape == (1, 501)
    with pytest.raises(InputError, match="within a sample"):
        read_all(data[:-1] + b"\1\1")


class Zeros(io.RawIOBase):
    """``begin``, then so many zeros that nobody should hold them."""

    def __init__(self, begin: bytes, n_zeros: int, end: bytes) -> None:
        self._begin, self._n_zeros, self._end = begin, n_zeros, io.BytesIO(end)

    def read(self, size: int = -1) -> bytes:
        if self._begin:
            head, self._begin = self._begin[:size], self._begin[size:]
            return head
        n = min(size, self._n_zeros)
        self._n_zeros -= n
        return bytes(n) if n else self._end.read(size)


N_BIG = 200_000_000


@pytest.mark.parametrize(
    ("data", "at", "head"),
    [
        (WAV, 12, struct.pack("<4sI", b"JUNK", N_BIG)),
        (WAV, 12, struct.pack("<4sI", b"ds64", N_BIG)),
        (RIFX, 12, struct.pack(">4sI", b"LIST", N_BIG)),
        (W64, 40, struct.pack("<16sQ", b"junk", N_BIG + 24)),
        (CAF, 8, struct.pack(">4sQ", b"chan", N_BIG)),
        (AIFF, 12, struct.pack(">4sI", b"CHAN", N_BIG)),
    ],
)
def test_a_huge_chunk_before_the_samples_is_not_held(data: bytes, at: int, head: bytes) -> None:
    stream = Zeros(data[:at] + head, N_BIG, data[at:])
    tracemalloc.start()
    try:
        source = PipeSource(stream)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert source.read(10).shape == (3, 10)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (sound("FLAC", "PCM_16"), "is FLAC, which cannot be read from a pipe; send WAV"),
        (sound("OGG", "VORBIS"), "is Ogg"),
        (sound("MP3", "MPEG_LAYER_III", channels=2), "is MP3"),
        (sound("AU", "ULAW"), "AU with encoding 1 cannot be read"),
        (sound("AIFF", "ULAW"), "AIFF with 'ulaw'"),
        (sound("CAF", "ALAC_16"), "CAF with 'alac'"),
        (sound("W64", "ULAW"), "W64 with format tag 7"),
        (AU[:20], "ends in its header"),
        (CAF[:30], "ends in its header"),
        (W64[:50], "ends in its header"),
        (AIFF[:30], "ends in its header"),
        (AIFF[:12] + AIFF[AIFF.index(b"SSND") :], "no COMM chunk"),
        (CAF[:8] + CAF[CAF.index(b"data") :], "desc chunk"),
        (patched(W64, 56, "<Q", 3), "chunk of 3 bytes"),
        (patched(CAF, CAF.index(b"free") + 4, ">q", -5), "chunk of -5 bytes"),
        (patched(CAF, CAF.index(b"free") + 4, ">q", 2**60), "ends in its header"),
        (patched(W64, 56, "<Q", 2**64 - 1), "ends in its header"),
        (patched(AU, 4, ">I", 5), "samples from byte 5"),
        (patched(AU, 16, ">II", 0, 1), "1 channels at 0 Hz"),
        (patched(AU, 20, ">I", 100_000), "100000 channels"),
        (patched(CAF, 20, ">Q", 0x7FF0000000000000), "at 0 Hz"),
        (patched(AIFF, 28, ">H", 0x7FFF), "at 0 Hz"),
    ],
)
def test_streams_that_cannot_be_read_are_told_in_one_line(data: bytes, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        read_all(data)
    assert str(caught.value).startswith("standard input: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", range(40))
def test_damaged_headers_give_audio_or_an_error_of_ours(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for data in (WAV, RF64, W64, AU, CAF, AIFF, RIFX):
        spoilt = bytearray(data)
        end = max(data.find(b"data"), data.find(b"SSND")) + 16
        for _ in range(rng.integers(1, 4)):
            spoilt[rng.integers(4, max(end, 40))] = rng.choice(
                (0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256)))
            )
        with contextlib.suppress(InputError):
            source = PipeSource(io.BytesIO(bytes(spoilt)))
            assert source.n_samples is None or source.n_samples <= 2**48
            while source.read(10_000).shape[1]:
                pass


def sent(source: PipeSource, audio: Audio) -> bytes:
    stream = io.BytesIO()
    with PipeSink(stream, source.format, source.n_samples) as sink:
        sink.write(audio)
        sink.commit()
    return stream.getvalue()


def fmt(mask: int, valid: int, width: int, channels: int) -> bytes:
    block = channels * width
    head = struct.pack("<HHIIHH", 0xFFFE, channels, 8000, 8000 * block, block, 8 * width)
    return head + struct.pack("<HHIH", 22, valid, mask, 1) + bytes.fromhex("000000001000800000aa00389b71")


@pytest.mark.parametrize(
    ("mask", "valid", "width", "channels"),
    [(0x60F, 24, 3, 6), (0x3F, 16, 2, 6), (1, 16, 2, 1), (3, 20, 3, 2), (0, 24, 4, 2), (4, 12, 2, 1)],
)
def test_speakers_and_valid_bits_go_from_pipe_to_pipe(
    rng: np.random.Generator, mask: int, valid: int, width: int, channels: int
) -> None:
    words = rng.integers(-(2 ** (valid - 1)), 2 ** (valid - 1), (100, channels)) << 8 * width - valid
    samples = b"".join(int(word).to_bytes(width, "little", signed=True) for word in words.ravel())
    body = fmt(mask, valid, width, channels)
    start = struct.pack("<4sI4s4sI", b"RIFF", 60 + len(samples), b"WAVE", b"fmt ", 40)
    data = start + body + struct.pack("<4sI", b"data", len(samples)) + samples
    source, audio = read_all(data)
    assert (source.format.valid_bits or 8 * width) == valid
    assert sent(source, audio) == data
    # What is not a whole step of the valid bits is rounded to one.
    stored = np.frombuffer(sent(source, audio * 0.3)[68:], np.uint8).reshape(-1, width)
    low = sum(stored[:, place].astype(np.int64) << 8 * place for place in range(width))
    assert not np.any(low & (1 << 8 * width - valid) - 1)


def test_plain_wav_with_fewer_bits_than_its_words_hold() -> None:
    data = patched(sound("WAV", "PCM_24", channels=1), 34, "<H", 20)
    assert read_all(data)[0].format.valid_bits == 20


@pytest.mark.parametrize("container", ["wav", "w64", "caf", "aiff"])
@pytest.mark.parametrize("layout", ["5.1", "5.1(side)", "quad"])
def test_speakers_reach_ffprobe(container: str, layout: str) -> None:
    """From any container that can say them into the WAV that we send."""
    n = {"quad": 4}.get(layout, 6)
    stream = ffmpeg(sound("WAV", "PCM_16", 100, n), "-af", f"channelmap=channel_layout={layout}", "-f", "wav")
    source, audio = read_all(ffmpeg(stream, "-f", container))
    command = ("ffprobe", "-v", "error", "-show_entries", "stream=channel_layout", "-of", "csv=p=0", "-")
    told = subprocess.run(command, input=sent(source, audio), capture_output=True, check=True).stdout.decode()
    if container in ("caf", "aiff"):  # ffmpeg itself takes back and side for one there
        layout = {"5.1": "5.1(side)", "quad": "quad(side)"}.get(layout, layout)
    assert told.strip() == layout


def test_layouts_and_masks() -> None:
    assert mask_of_layout(layout_of_mask(0x60F)) == 0x60F and layout_of_mask(0) == b""
    listed = struct.pack(">III", 0, 0, 2) + b"".join(struct.pack(">II12x", label, 0) for label in (1, 2))
    assert mask_of_layout(listed) == 3
    swapped = struct.pack(">III", 0, 0, 2) + b"".join(struct.pack(">II12x", label, 0) for label in (2, 1))
    assert mask_of_layout(swapped) == mask_of_layout(listed[:-20]) == mask_of_layout(b"\0") == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_is_decoded_as_ffmpeg_decodes_it(encoding: str) -> None:
    data = np.random.default_rng(3).bytes(960)
    if ENCODINGS[encoding].kind == "f":
        numbers = np.linspace(-1, 1, 120)
        data = numbers.astype(f"{ENCODINGS[encoding].order}f{ENCODINGS[encoding].width}").tobytes()
    raw = PipeFormat.parse(f"{encoding}:8000:1")
    audio = PipeSource(io.BytesIO(data), raw).read(10_000)
    command = (
        "ffmpeg",
        "-v",
        "error",
        "-f",
        encoding,
        "-ar",
        "8000",
        "-ac",
        "1",
        "-i",
        "-",
        "-f",
        "f64le",
        "-",
    )
    other = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    np.testing.assert_array_equal(audio[0], np.frombuffer(other, "<f8"))
