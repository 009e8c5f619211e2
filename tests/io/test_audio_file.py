from __future__ import annotations

import os
import resource
import stat
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_stream.core.array_types import Audio
from dap_stream.core.processors import Bypass, Delay
from dap_stream.core.render import render
from dap_stream.errors import InputError, OutputError, SettingError
from dap_stream.io import formats
from dap_stream.io.container_headers import rf64_to_wav
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat, output_format, removed_format
from dap_stream.io.pcm import Storage, from_codes, to_codes

LOSSLESS = [
    *((name, subtype) for name in ("WAV", "WAVEX", "RF64", "W64") for subtype in formats._RIFF_SUBTYPES[:6]),
    *((name, subtype) for name in ("AIFF", "AU", "CAF") for subtype in formats._PCM),
    ("FLAC", "PCM_S8"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("AIFF", "PCM_U8"),
    *(("CAF", subtype) for subtype in formats._ALAC),
]  # fmt: skip
SUFFIX = {"WAV": ".wav", "WAVEX": ".wav", "RF64": ".wav", "W64": ".w64", "FLAC": ".flac", "OGG": ".ogg",
          "MP3": ".mp3", "AIFF": ".aiff", "AU": ".au", "CAF": ".caf"}  # fmt: skip


def noise(rng: np.random.Generator, channels: int, n_samples: int, peak: float = 0.9) -> Audio:
    return rng.uniform(-peak, peak, (channels, n_samples))


def save(path: Path, audio: Audio, file_format: FileFormat) -> Path:
    with FileSink(path, file_format, audio.shape[1]) as sink:
        sink.write(audio)
        sink.commit()
    return path


def wav(path: Path, audio: Audio, subtype: str = "PCM_16", sample_rate: int = 8000) -> Path:
    """Written by libsndfile alone, so that our reader meets a file of another hand."""
    soundfile.write(path, audio.T, sample_rate, subtype, format=None if path.suffix != ".bin" else "WAV")
    return path


class Half:
    """A processor that makes codes which have to be rounded."""

    latency = 0

    def process(self, buffer: Audio) -> Audio:
        return buffer * buffer.dtype.type(0.437)

    def flush(self) -> Audio:
        return np.zeros((2, 0), np.float32)

    def reset(self) -> None:
        pass


# ---------------------------------------------------------------- round trips


@pytest.mark.parametrize(("container", "subtype"), LOSSLESS)
def test_copy_is_exact_and_keeps_the_format(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str
) -> None:
    audio = noise(rng, 2, 70001)
    path = tmp_path / f"in{SUFFIX[container]}"
    soundfile.write(path, audio.T, 37800 if container != "RF64" else 48000, subtype, format=container)
    target = tmp_path / f"out{SUFFIX[container]}"
    with FileSource(path) as source:
        assert (source.format.container, source.format.subtype) == (container, subtype)
        with FileSink(target, output_format(target, source.format), source.n_samples) as sink:
            record = render(source, Delay(1000, 2), sink)
    assert record.clipped == 0
    before, after = soundfile.SoundFile(path), soundfile.SoundFile(target)
    for name in ("format", "subtype", "endian", "samplerate", "channels", "frames"):
        assert getattr(after, name) == getattr(before, name), name
    dtype = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
    np.testing.assert_array_equal(after.read(dtype=dtype), before.read(dtype=dtype))
    before.close()
    after.close()


@pytest.mark.parametrize(
    ("container", "endian"), [("AIFF", "LITTLE"), ("WAV", "BIG"), ("AU", "LITTLE"), ("CAF", "LITTLE")]
)
def test_byte_order_is_kept(tmp_path: Path, rng: np.random.Generator, container: str, endian: str) -> None:
    path = tmp_path / f"in{SUFFIX[container]}"
    soundfile.write(path, noise(rng, 1, 500).T, 8000, "PCM_16", endian, container)
    copy = tmp_path / f"out{SUFFIX[container]}"
    with FileSource(path) as source, FileSink(copy, output_format(copy, source.format), 500) as sink:
        render(source, Bypass(), sink)
    assert copy.read_bytes()[:4] == path.read_bytes()[:4]
    assert soundfile.SoundFile(copy).endian == soundfile.SoundFile(path).endian
    np.testing.assert_array_equal(soundfile.read(copy)[0], soundfile.read(path)[0])


@pytest.mark.parametrize(
    ("container", "subtype", "channels"),
    [
        ("OGG", "VORBIS", 2),
        ("OGG", "OPUS", 2),
        ("MP3", "MPEG_LAYER_III", 1),
        ("WAV", "ULAW", 1),
        ("WAV", "IMA_ADPCM", 1),
    ],
)
def test_lossy_formats_keep_length_and_sound(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    time = np.arange(100_000) / 48000
    audio = np.tile(0.5 * np.sin(2 * np.pi * 440 * time), (channels, 1))
    path = save(tmp_path / f"a{SUFFIX[container]}", audio, FileFormat(container, subtype, 48000, channels))
    copy = tmp_path / f"b{SUFFIX[container]}"
    with (
        FileSource(path) as source,
        FileSink(copy, output_format(copy, source.format), source.n_samples) as sink,
    ):
        assert source.n_samples == 100_000
        render(source, Bypass(channels), sink)
    with FileSource(copy) as again:
        assert again.format == source.format and again.n_samples == source.n_samples
        assert np.abs(again.read(100_000)[:, 2000:-2000] - audio[:, 2000:-2000]).max() < 0.05


@pytest.mark.parametrize("channels", [1, 2, 6, 64, 100])
def test_any_number_of_channels(tmp_path: Path, rng: np.random.Generator, channels: int) -> None:
    audio = noise(rng, channels, 300)
    path = save(tmp_path / "a.wav", audio, FileFormat("WAV", "DOUBLE", 11025, channels))
    with FileSource(path) as source:
        out = source.read(1000)
    assert source.channels == channels and out.flags.c_contiguous
    np.testing.assert_array_equal(out, audio)


@settings(max_examples=25, deadline=None)
@given(
    n_samples=st.sampled_from([1, 2, 17, 997, 65535, 65536, 65537, 131101]),
    buffer_size=st.sampled_from([997, 4096, 65536, 100_003]),
    channels=st.integers(1, 3),
    latency=st.sampled_from([0, 1, 63, 70_001]),
)
def test_no_sample_is_lost(
    tmp_path_factory: pytest.TempPathFactory, n_samples: int, buffer_size: int, channels: int, latency: int
) -> None:
    folder = tmp_path_factory.mktemp("f")
    ramp = np.arange(n_samples * channels, dtype=np.int32).reshape(n_samples, channels) * 256
    soundfile.write(folder / "a.wav", ramp, 8000, "PCM_24")
    with (
        FileSource(folder / "a.wav") as source,
        FileSink(folder / "b.flac", FileFormat("FLAC", "PCM_24", 8000, channels)) as sink,
    ):
        render(source, Delay(latency, channels), sink, buffer_size=buffer_size)
    np.testing.assert_array_equal(soundfile.read(folder / "b.flac", dtype="int32", always_2d=True)[0], ramp)


# ---------------------------------------------------------------- reading


def test_dtype_follows_the_precision_of_the_file(tmp_path: Path, rng: np.random.Generator) -> None:
    for subtype, dtype in (
        ("PCM_24", np.float32),
        ("FLOAT", np.float32),
        ("PCM_32", np.float64),
        ("DOUBLE", np.float64),
    ):
        with FileSource(wav(tmp_path / "a.wav", noise(rng, 1, 50), subtype)) as source:
            assert source.read(50).dtype == dtype


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "OPUS"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")],
)
def test_pieces_of_any_size_equal_the_whole(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str
) -> None:
    path = save(tmp_path / "a", noise(rng, 2, 150_001, 0.2), FileFormat(container, subtype, 48000, 2))
    with FileSource(path) as source:
        whole = source.read(10**9)
    with FileSource(path) as source:
        sizes = iter([1, 1000, 7, 65536, 65536] + [9999] * 100)
        pieces = []
        while (piece := source.read(next(sizes))).shape[1]:
            pieces.append(piece)
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), whole)
        source.seek(123_456)
        source.read(10)
        source.seek(0)
        np.testing.assert_array_equal(source.read(150_001), whole)
    with FileSource(path, start=77_777) as source:
        np.testing.assert_allclose(source.read(1000), whole[:, 77_777:78_777], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("container", "subtype"), [("OGG", "OPUS"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")]
)
def test_jumps_in_lossy_files_are_exact(tmp_path: Path, container: str, subtype: str) -> None:
    """A tone, since at few bits per frame the decoders lean most on what came before."""
    n_samples = 1_200_001
    tone = 0.5 * np.sin(np.arange(n_samples) * (2 * np.pi * 440 / 48000))[None]
    path = save(tmp_path / "a", tone, FileFormat(container, subtype, 48000, 1))
    with FileSource(path) as source:
        whole = source.read(n_samples)
    for start in (1, 100, 9000, 77_777, 120_001, 900_003, 1_190_000, n_samples - 1):
        with FileSource(path, start=start) as source:
            audio = source.read(3000)
        expected = whole[:, start : start + 3000]
        np.testing.assert_allclose(audio, expected, rtol=0, atol=1e-6, err_msg=f"start {start}")


def test_range_and_seek(tmp_path: Path) -> None:
    ramp = np.arange(1000, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", ramp, 8000)
    with FileSource(tmp_path / "a.wav", start=100, stop=900) as source:
        assert source.n_samples == 800
        np.testing.assert_array_equal(source.read(5000)[0] * 32768, ramp[100:900])
        assert source.read(1).shape == (1, 0)
        source.seek(300)
        np.testing.assert_array_equal(source.read(2)[0] * 32768, ramp[400:402])
        with pytest.raises(SettingError, match=r"sample=801 must be in 0\.\.800"):
            source.seek(801)
    with FileSource(tmp_path / "a.wav", stop=10**9) as source:
        assert source.n_samples == 1000


@pytest.mark.parametrize(("start", "stop"), [(1000, None), (2000, 3000), (10, 10), (-1, None)])
def test_range_that_is_not_there(tmp_path: Path, start: int, stop: int | None) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((1, 1000)))
    with pytest.raises(SettingError, match=r"start=.* must be in 0 s"):
        FileSource(path, start, stop)


def test_flac_that_does_not_know_its_length(tmp_path: Path, rng: np.random.Generator) -> None:
    audio = noise(rng, 1, 70_000)
    path = save(tmp_path / "a.flac", audio, FileFormat("FLAC", "PCM_16", 8000, 1))
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the 36 bits of the number of samples in STREAMINFO
    data[22:26] = bytes(4)
    path.write_bytes(data)
    with (
        FileSource(path) as source,
        FileSink(tmp_path / "b.wav", FileFormat("WAV", "PCM_16", 8000, 1), source.n_samples) as sink,
    ):
        assert source.n_samples is None
        assert render(source, Bypass(), sink).n_samples == 70_000
    np.testing.assert_array_equal(
        soundfile.read(tmp_path / "b.wav", dtype="int16")[0], to_codes(audio, 16)[0]
    )


# ---------------------------------------------------------------- bad input


def test_bad_files_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no audio " * 100)
    (tmp_path / "short.wav").write_bytes(b"RIFF")
    (tmp_path / "noise.mp3").write_bytes(np.random.default_rng(1).bytes(5000))
    (tmp_path / "x.raw").write_bytes(bytes(100))
    wav(tmp_path / "zero.wav", np.zeros((1, 0)))
    os.mkfifo(tmp_path / "fifo.wav")
    for name, text in {
        "missing.wav": "no such file",
        "empty.wav": "is empty",
        "text.wav": "not an audio file",
        "short.wav": "not an audio file",
        "noise.mp3": "not an audio file",
        "x.raw": "--raw",
        "zero.wav": "no samples",
        "fifo.wav": "not a regular file",
        ".": "is a folder",
        "empty.wav/inside.wav": "cannot be read",
    }.items():
        with pytest.raises(InputError, match=text) as caught:
            FileSource(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value) and "\n" not in str(caught.value)


def test_unreadable_file(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((1, 10)))
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may read everything
    try:
        with pytest.raises(InputError, match="cannot be read"):
            FileSource(path)
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.97])
@pytest.mark.parametrize(
    ("container", "subtype"),
    [*((name, "PCM_16") for name in ("WAV", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC")),
     ("WAV", "ULAW"), ("CAF", "ALAC_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
)  # fmt: skip
def test_truncated_file(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str, fraction: float
) -> None:
    path = save(
        tmp_path / f"a{SUFFIX[container]}",
        noise(rng, 1, 200_000, 0.5),
        FileFormat(container, subtype, 48000, 1),
    )
    with FileSource(path) as source:
        while source.read(65536).shape[1]:
            pass
    data = path.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    target = tmp_path / "out.wav"
    target.write_text("old")
    with pytest.raises(InputError, match="truncated") as caught:
        with FileSource(path) as source, FileSink(target, FileFormat("WAV", "PCM_16", 48000, 1)) as sink:
            render(source, Bypass(), sink)
    assert "\n" not in str(caught.value)
    assert target.read_text() == "old" and sorted(os.listdir(tmp_path)) == sorted([path.name, "out.wav"])


def test_truncation_tells_the_seconds(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((1, 80_000)))
    path.write_bytes(path.read_bytes()[:-80_000])
    with pytest.raises(InputError, match=r"truncated: 0:05\.000 of 0:10\.000 are there"):
        FileSource(path)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFF024 - 36])
def test_header_of_a_streaming_writer_is_no_truncation(
    tmp_path: Path, rng: np.random.Generator, size: int
) -> None:
    path = wav(tmp_path / "a.wav", noise(rng, 1, 5000))
    data = bytearray(path.read_bytes())
    data[40:44] = struct.pack("<I", size)
    if size == 0:
        data[4:8] = struct.pack("<I", 36)
    (tmp_path / "b.wav").write_bytes(data)
    with FileSource(path) as whole, FileSource(tmp_path / "b.wav") as streamed:
        assert streamed.n_samples == 5000
        np.testing.assert_array_equal(streamed.read(9999), whole.read(9999))


def test_a_missing_pad_byte_or_chunks_after_the_audio_are_no_truncation(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.zeros((1, 777)), "PCM_U8")
    data = path.read_bytes()
    assert len(data) % 2 == 0
    for name, content in (("b.wav", data[:-1]), ("c.wav", data + b"LIST\4\0\0\0abcd")):
        (tmp_path / name).write_bytes(content)
        with FileSource(tmp_path / name) as source:
            assert source.read(1000).shape == (1, 777)


def test_mp3_without_a_length_is_refused_unless_its_bit_rate_is_constant(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    """libsndfile guesses the length from the first frame: right for a constant bit rate only."""
    loudness = np.repeat([0.0, 0.5], 50_000)
    for mode, is_good in (("VARIABLE", False), ("CONSTANT", True)):
        path = tmp_path / f"{mode}.mp3"
        soundfile.write(
            path, loudness * rng.uniform(-1, 1, 100_000), 48000, bitrate_mode=mode, compression_level=0.1
        )
        data = path.read_bytes()
        second = data.index(data[:2], 4)
        assert b"Xing" in data[:second] or b"Info" in data[:second]
        path.write_bytes(b"ID3\4\0\0\0\0\0\5hello" + data[second:])
        if is_good:
            with FileSource(path) as source:
                assert source.read(200_000).shape[1] >= 100_000
        else:
            with pytest.raises(InputError, match="does not say its length"):
                FileSource(path)


# ---------------------------------------------------------------- exactness


@pytest.mark.parametrize("bits", [8, 16, 20, 24, 32])
def test_codes(bits: int) -> None:
    top = 2 ** (bits - 1)
    step = 1.0 / top
    values = np.array([[0.0, 0.5 * step, 1.5 * step, -0.5 * step, -2.6 * step, 1.0, -1.0, 3.0, -3.0]])
    codes = to_codes(values, bits)
    assert codes.tolist() == [[0, 0, 2, 0, -3, top - 1, -top, top - 1, -top]]
    np.testing.assert_array_equal(to_codes(from_codes(codes, bits), bits), codes)
    storage = Storage(bits)
    storage.store(values)
    assert storage.clipped == 2


def test_float32_reaches_the_largest_32_bit_code() -> None:
    codes = to_codes(np.array([[1.0, 2.0, -1.0]], np.float32), 32)
    assert codes.tolist() == [[2**31 - 1, 2**31 - 1, -(2**31)]]


def test_24_bit_words_stand_where_another_reader_finds_them(tmp_path: Path, rng: np.random.Generator) -> None:
    audio = noise(rng, 2, 1000)
    path = save(tmp_path / "a.wav", audio, FileFormat("WAV", "PCM_24", 8000, 2))
    with wave.open(str(path)) as file:
        raw = np.frombuffer(file.readframes(1000), np.uint8).reshape(-1, 3).astype(np.int32)
    codes = ((raw[:, 0] | raw[:, 1] << 8 | raw[:, 2] << 16) ^ 0x800000) - 0x800000
    np.testing.assert_array_equal(codes.reshape(-1, 2).T, np.rint(audio * 2**23))


@pytest.mark.parametrize(("container", "subtype"), LOSSLESS)
def test_wet_and_removed_add_up_to_dry(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str
) -> None:
    path, wet, rest = (tmp_path / f"{name}{SUFFIX[container]}" for name in ("dry", "wet", "rest"))
    soundfile.write(path, noise(rng, 2, 70_001).T, 48000, subtype, format=container)
    with FileSource(path) as source:
        with (
            FileSink(wet, output_format(wet, source.format), source.n_samples) as sink,
            FileSink(rest, removed_format(rest, source.format), source.n_samples) as removed,
        ):
            render(source, Half(), sink, removed)
    is_float = subtype in ("FLOAT", "DOUBLE")
    assert soundfile.info(rest).subtype == ("DOUBLE" if is_float else subtype)
    dry, wet_stored, removed_stored = (
        soundfile.read(name, dtype="float64" if is_float else "int32")[0] for name in (path, wet, rest)
    )
    assert np.abs(removed_stored).max() > 0
    if subtype == "DOUBLE":
        np.testing.assert_allclose(wet_stored + removed_stored, dry, rtol=0, atol=2.0**-52)
    else:
        np.testing.assert_array_equal(wet_stored + removed_stored, dry)


def test_overs_clip_in_pcm_and_pass_in_float(tmp_path: Path) -> None:
    audio = np.array([[0.5, 1.5, -2.0, 1.0, -1.0]])
    for subtype, clipped in (("PCM_16", 2), ("FLOAT", 0)):
        with FileSink(tmp_path / "a.wav", FileFormat("WAV", subtype, 8000, 1)) as sink:
            stored = sink.write(audio)
            np.testing.assert_array_equal(sink.quantise(audio), stored)
            assert sink.clipped == clipped
            sink.commit()
        np.testing.assert_array_equal(soundfile.read(tmp_path / "a.wav")[0], stored[0])
    np.testing.assert_array_equal(stored, audio)


# ---------------------------------------------------------------- which format


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        (("WAV", "PCM_24"), "a.flac", ("FLAC", "PCM_24")),
        (("WAV", "PCM_U8"), "a.flac", ("FLAC", "PCM_S8")),
        (("FLAC", "PCM_S8"), "a.wav", ("WAV", "PCM_U8")),
        (("WAVEX", "PCM_24"), "a.WAV", ("WAVEX", "PCM_24")),
        (("RF64", "PCM_16"), "a.wav", ("RF64", "PCM_16")),
        (("WAV", "FLOAT"), "a.aiff", ("AIFF", "FLOAT")),
        (("WAV", "DOUBLE"), "a.w64", ("W64", "DOUBLE")),
        (("CAF", "ALAC_20"), "a.flac", ("FLAC", "PCM_24")),
        (("CAF", "ALAC_20"), "a.caf", ("CAF", "ALAC_24")),
        (("CAF", "ALAC_32"), "a.wav", ("WAV", "PCM_32")),
        (("MP3", "MPEG_LAYER_III"), "a.wav", ("WAV", "FLOAT")),
        (("OGG", "OPUS"), "a.flac", ("FLAC", "PCM_24")),
        (("OGG", "VORBIS"), "a.opus", ("OGG", "OPUS")),
        (("OGG", "OPUS"), "a.ogg", ("OGG", "OPUS")),
        (("WAV", "ULAW"), "a.flac", ("FLAC", "PCM_16")),
        (("WAV", "FLOAT"), "a.mp3", ("MP3", "MPEG_LAYER_III")),
        (("MP3", "MPEG_LAYER_II"), "a.mp3", ("MP3", "MPEG_LAYER_III")),
        (("VOC", "PCM_16"), "a.voc", ("VOC", "PCM_16")),
        (("WAV", "PCM_16"), "a", ("WAV", "PCM_16")),
    ],
)
def test_output_format(source: tuple[str, str], name: str, expected: tuple[str, str]) -> None:
    chosen = output_format(Path(name), FileFormat(*source, 48000, 2))
    assert (chosen.container, chosen.subtype) == expected


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        (FileFormat("WAV", "FLOAT", 48000, 2), "a.flac", "FLAC cannot hold FLOAT without loss; choose .wav"),
        (FileFormat("WAV", "PCM_32", 48000, 2), "a.flac", "FLAC cannot hold PCM_32"),
        (FileFormat("WAV", "PCM_16", 48000, 9), "a.flac", "FLAC cannot hold 9 channels; choose .wav"),
        (FileFormat("WAV", "PCM_16", 48000, 3), "a.mp3", "3 channels"),
        (FileFormat("WAV", "PCM_16", 96000, 2), "a.mp3", "sample rate of 96000 Hz"),
        (FileFormat("WAV", "PCM_16", 44100, 2), "a.opus", "sample rate of 44100 Hz"),
        (FileFormat("WAV", "PCM_16", 44100, 2), "a.m4a", "extension .m4a is not known"),
    ],
)
def test_output_that_cannot_hold_the_audio(source: FileFormat, name: str, text: str) -> None:
    with pytest.raises(SettingError, match=text):
        output_format(Path(name), source)


@pytest.mark.parametrize("container", [name for name in formats.CONTAINERS if name != "OGG"])
def test_the_table_says_what_libsndfile_can_write(tmp_path: Path, container: str) -> None:
    entry = formats.CONTAINERS[container]
    for subtype in entry.subtypes:
        save(tmp_path / "a", np.zeros((1, 8000)), FileFormat(container, subtype, 8000, 1))
    for rate in entry.rates or (8000, 384_000):
        save(
            tmp_path / "a",
            np.zeros((1, 8000)),
            FileFormat(container, entry.subtypes[1 if len(entry.subtypes) > 1 else 0], rate, 1),
        )


# ---------------------------------------------------------------- 4 GiB


def test_long_wav_becomes_rf64_and_other_containers_say_no(tmp_path: Path) -> None:
    hour = 3600 * 192_000
    wav_format = FileFormat("WAV", "PCM_24", 192_000, 2)
    with FileSink(tmp_path / "a.wav", wav_format, 2 * hour) as sink:
        sink.write(np.zeros((2, 10), np.float32))
        part = next(tmp_path.glob(".*.part"))
        assert part.read_bytes()[:4] == b"RF64"
    assert list(tmp_path.iterdir()) == []
    assert wav_format.has_room(hour // 2) and not wav_format.has_room(2**32 // 6)
    with pytest.raises(OutputError, match=r"AIFF holds at most 4 GiB; choose \.wav"):
        FileSink(tmp_path / "a.aiff", FileFormat("AIFF", "PCM_24", 192_000, 2), 2 * hour)


def test_too_long_for_the_container_shows_while_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(formats.CONTAINERS, "AU", formats.Container(("PCM_16",), max_bytes=5000))
    with (
        pytest.raises(OutputError, match="AU holds"),
        FileSink(tmp_path / "a.au", FileFormat("AU", "PCM_16", 8000, 1)) as sink,
    ):
        sink.write(np.zeros((1, 400)))
        sink.write(np.zeros((1, 400)))
    assert list(tmp_path.iterdir()) == []


def test_wav_of_unknown_length_ends_as_plain_wav(tmp_path: Path, rng: np.random.Generator) -> None:
    audio = noise(rng, 2, 3001)
    with FileSink(tmp_path / "a.wav", FileFormat("WAV", "PCM_16", 8000, 2), None) as sink:
        sink.write(audio)
        sink.commit()
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == 3001
        codes = np.frombuffer(file.readframes(4000), "<i2").reshape(-1, 2).T
    np.testing.assert_array_equal(codes, to_codes(audio, 16))
    assert soundfile.info(tmp_path / "a.wav").format.startswith("WAV")
    with (tmp_path / "a.wav").open("r+b") as file:
        assert not rf64_to_wav(file), "what is WAV already stays"


def test_reads_rf64_beyond_4_gib(tmp_path: Path) -> None:
    """A sparse file: 6 GB long, a few kB on the disk."""
    path = save(tmp_path / "a.wav", np.full((1, 1000), 0.25), FileFormat("RF64", "PCM_16", 48000, 1))
    n_samples = 3_000_000_000
    data = bytearray(path.read_bytes())
    start = data.index(b"data") + 8
    data[20:44] = struct.pack("<QQQ", start + 2 * n_samples - 8, 2 * n_samples, n_samples)
    path.write_bytes(data[: start + 2000])
    with pytest.raises(InputError, match="truncated"):
        FileSource(path)
    os.truncate(path, start + 2 * n_samples)
    with FileSource(path, start=n_samples - 5) as source:
        assert source.n_samples == 5 and source.read(10).shape == (1, 5)


# ---------------------------------------------------------------- atomic


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OutputError])
def test_nothing_is_left_and_nothing_is_touched(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "out.wav"
    target.write_text("old")
    with pytest.raises(error, match="stop"), FileSink(target, FileFormat("WAV", "PCM_16", 8000, 1)) as sink:
        sink.write(np.zeros((1, 100_000)))
        assert len(list(tmp_path.iterdir())) == 2, "the hidden file is beside the target"
        assert target.read_text() == "old"
        raise error("stop")
    assert list(tmp_path.iterdir()) == [target] and target.read_text() == "old"


def test_without_commit_there_is_no_file(tmp_path: Path) -> None:
    with FileSink(tmp_path / "a.wav", FileFormat("WAV", "PCM_16", 8000, 1)) as sink:
        sink.write(np.zeros((1, 10)))
        sink.finish()
    assert list(tmp_path.iterdir()) == []


def test_replacing_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.wav", tmp_path / "link.wav"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    save(link, np.zeros((1, 10)), FileFormat("WAV", "PCM_16", 8000, 1))
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert soundfile.info(real).frames == 10


def test_name_of_the_longest_length(tmp_path: Path) -> None:
    save(tmp_path / ("n" * 251 + ".wav"), np.zeros((1, 10)), FileFormat("WAV", "PCM_16", 8000, 1))


def test_bad_targets(tmp_path: Path) -> None:
    wav_format = FileFormat("WAV", "PCM_16", 8000, 1)
    (tmp_path / "folder.wav").mkdir()
    for name, text in {"missing/a.wav": "there is no folder", "folder.wav": "is a folder"}.items():
        with pytest.raises(OutputError, match=text), FileSink(tmp_path / name, wav_format):
            pass


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o555)
    if os.geteuid() == 0:  # root may write everywhere
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    with (
        pytest.raises(OutputError, match="read-only"),
        FileSink(folder / "a.wav", FileFormat("WAV", "PCM_16", 8000, 1)),
    ):
        pass
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("CAF", "PCM_24"),
    ],
)
@pytest.mark.parametrize("n_samples", [20_000, 150_000])
def test_full_disk(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str, n_samples: int
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("a disk of 4 kB needs the right to mount; test_file_too_large covers the rest")
    try:
        with pytest.raises(OutputError, match=r"writing failed \(No space left") as caught:
            with FileSink(disk / "a", FileFormat(container, subtype, 48000, 1)) as sink:
                for _ in range(n_samples // 2000):
                    sink.write(noise(rng, 1, 2000))
                sink.commit()
        assert "\n" not in str(caught.value)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_file_too_large(tmp_path: Path) -> None:
    script = f"""
import numpy as np, resource
from dap_stream.errors import OutputError
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import FileFormat
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    with FileSink({str(tmp_path / "a.wav")!r}, FileFormat("WAV", "PCM_16", 8000, 1)) as sink:
        for _ in range(10):
            sink.write(np.zeros((1, 10_000)))
        sink.commit()
except OutputError as error:
    print(error)
"""
    assert hasattr(resource, "RLIMIT_FSIZE")
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "writing failed (File too large)" in result.stdout and result.stdout.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_samples_that_libsndfile_lost_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FileSink(tmp_path / "a.wav", FileFormat("WAV", "PCM_16", 8000, 1), 100) as sink:
        sink.write(np.zeros((1, 100)))
        assert sink._file is not None
        sink._file.close()
        part = next(tmp_path.glob(".*.part"))
        os.truncate(part, part.stat().st_size - 10)
        with pytest.raises(OutputError, match="only 95 of 100 samples arrived"):
            sink.commit()
    assert list(tmp_path.iterdir()) == []
