"""Speakers, valid bits and exact lengths, from file to file and from file to pipe."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dap_stream.apps.files.clean import clean
from dap_stream.apps.files.job import Job, JobCallbacks
from dap_stream.core.array_types import Audio
from dap_stream.core.processors import Bypass
from dap_stream.core.render import render
from dap_stream.io.file_sink import FileSink
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat, output_format, shortcomings
from dap_stream.io.output_paths import Names
from dap_stream.io.pipe import PipeSink
from dap_stream.io.pipe_format import PipeFormat
from dap_stream.io.speakers import layout_of_mask
from dap_stream.processors.chain_settings import make_chain_settings

GUID = bytes.fromhex("000000001000800000aa00389b71")


def extensible(path: Path, codes: np.ndarray, width: int, valid: int, mask: int, rate: int = 48000) -> Path:
    """A WAV file by hand: ``codes [channels, n]`` of ``valid`` bits in the upper end of words."""
    channels = len(codes)
    words = (codes.T.ravel().astype(np.int64) << 8 * width - valid).astype("<i8")
    samples = words.view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    block = channels * width
    body = struct.pack("<HHIIHH", 0xFFFE, channels, rate, rate * block, block, 8 * width)
    body += struct.pack("<HHIH", 22, valid, mask, 1) + GUID
    head = struct.pack("<4sI4s4sI", b"RIFF", 60 + len(samples), b"WAVE", b"fmt ", 40)
    path.write_bytes(head + body + struct.pack("<4sI", b"data", len(samples)) + samples)
    return path


def codes(rng: np.random.Generator, channels: int, bits: int, n_samples: int = 301) -> np.ndarray:
    return rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (channels, n_samples))


def copy(source_path: Path, target: Path, gain: float = 1.0, knows_length: bool = True) -> FileFormat:
    with FileSource(source_path) as source:
        chosen = output_format(target, source.format)
        with FileSink(target, chosen, source.n_samples if knows_length else None) as sink:
            while (audio := source.read(1000)).shape[1]:
                sink.write(audio * audio.dtype.type(gain))
            sink.commit()
    return chosen


def ffprobe(path: Path, entry: str) -> str:
    command = ("ffprobe", "-v", "error", "-show_entries", f"stream={entry}", "-of", "csv=p=0", path)
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@pytest.mark.parametrize("knows_length", [True, False])
@pytest.mark.parametrize("suffix", [".wav", ".rf64", ".caf", ".aiff"])
@pytest.mark.parametrize(
    ("mask", "channels", "name"),
    [
        (0x3F, 6, "5.1"),
        (0x60F, 6, "5.1(side)"),
        (0x33, 4, "quad"),
        (0x603, 4, "quad(side)"),
        (0x107, 4, "4.0"),
    ],
)
def test_speakers_from_file_to_file(
    tmp_path: Path,
    rng: np.random.Generator,
    mask: int,
    channels: int,
    name: str,
    suffix: str,
    knows_length: bool,
) -> None:
    numbers = codes(rng, channels, 16)
    source = extensible(tmp_path / "in.wav", numbers, 2, 16, mask)
    target = tmp_path / f"out{suffix}"
    chosen = copy(source, target, knows_length=knows_length)
    assert ffprobe(target, "channel_layout") == name and shortcomings(chosen, None) == ()
    back = tmp_path / "back.wav"
    copy(target, back)
    assert ffprobe(back, "channel_layout") == name
    for path in (target, back):
        np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0].T, numbers)


@pytest.mark.parametrize(
    ("mask", "channels"), [(1, 1), (4, 1), (0, 2), (3, 2), (0x30, 2), (0, 6), (0x20000, 1)]
)
def test_any_mask_stays_as_it_is(tmp_path: Path, rng: np.random.Generator, mask: int, channels: int) -> None:
    source = extensible(tmp_path / "in.wav", codes(rng, channels, 16), 2, 16, mask)
    for knows_length in (True, False):
        copy(source, tmp_path / "out.wav", knows_length=knows_length)
        data = (tmp_path / "out.wav").read_bytes()
        assert struct.unpack("<I", data[40:44]) == (mask,) and data[20:22] == b"\xfe\xff"


def test_a_file_that_says_nothing_of_speakers_gets_none(tmp_path: Path, rng: np.random.Generator) -> None:
    """libsndfile writes RF64 of six channels as 5.1, whatever they are."""
    soundfile.write(tmp_path / "in.wav", rng.uniform(-1, 1, (100, 6)), 48000)
    copy(tmp_path / "in.wav", tmp_path / "out.rf64")
    assert ffprobe(tmp_path / "out.rf64", "channel_layout") == "unknown"
    copy(tmp_path / "in.wav", tmp_path / "out.wav")
    assert (tmp_path / "out.wav").read_bytes()[20:22] == b"\1\0", "plain as it was"


@pytest.mark.parametrize("container", ["caf", "aiff"])
def test_layouts_of_ffmpeg_stay_byte_for_byte(
    tmp_path: Path, rng: np.random.Generator, container: str
) -> None:
    extensible(tmp_path / "in.wav", codes(rng, 6, 16), 2, 16, 0x60F)
    first = tmp_path / f"a.{container}"
    subprocess.run(("ffmpeg", "-v", "error", "-i", tmp_path / "in.wav", first), check=True)
    for name in ("b.caf", "b.aiff"):
        copy(first, tmp_path / name)
        with FileSource(tmp_path / name) as ours, FileSource(first) as theirs:
            assert ours.format.channel_layout == theirs.format.channel_layout != b""
        assert ffprobe(tmp_path / name, "channel_layout") == "5.1(side)"


@pytest.mark.parametrize(("mask", "name"), [(0x3F, "5.1"), (0x60F, "5.1(side)")])
def test_speakers_and_valid_bits_from_file_to_pipe(
    tmp_path: Path, rng: np.random.Generator, mask: int, name: str
) -> None:
    source_path = extensible(tmp_path / "in.wav", codes(rng, 6, 20), 3, 20, mask)
    stream = io.BytesIO()
    with FileSource(source_path) as source:
        render(source, Bypass(6), PipeSink(stream, PipeFormat.from_file(source.format), source.n_samples))
    assert stream.getvalue() == source_path.read_bytes()
    (tmp_path / "out.wav").write_bytes(stream.getvalue())
    assert ffprobe(tmp_path / "out.wav", "channel_layout") == name


@pytest.mark.parametrize("channels", range(3, 9))
def test_speakers_that_flac_means_by_a_number_of_channels(
    tmp_path: Path, rng: np.random.Generator, channels: int
) -> None:
    soundfile.write(tmp_path / "a.flac", rng.uniform(-1, 1, (500, channels)), 48000)
    copy(tmp_path / "a.flac", tmp_path / "out.wav")
    told = ffprobe(tmp_path / "out.wav", "channel_layout")
    assert told == ffprobe(tmp_path / "a.flac", "channel_layout") != "unknown"


def test_the_channel_mask_in_a_comment_of_flac(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.flac"
    mark = "c" * (len("WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x60F") - len("COMMENT="))
    with soundfile.SoundFile(path, "w", 48000, 6, "PCM_16") as file:
        file.comment = mark
        file.write(rng.uniform(-1, 1, (500, 6)))
    data = path.read_bytes()
    entry = next(word + mark.encode() for word in (b"COMMENT=", b"comment=") if word + mark.encode() in data)
    path.write_bytes(data.replace(entry, b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x60F"))
    copy(path, tmp_path / "out.wav")
    assert ffprobe(tmp_path / "out.wav", "channel_layout") == "5.1(side)"


# ---------------------------------------------------------------- valid bits


@pytest.mark.parametrize(("width", "valid"), [(3, 20), (4, 24), (2, 12), (4, 20), (4, 25)])
@pytest.mark.parametrize("suffix", [".wav", ".rf64"])
def test_valid_bits_from_file_to_file(
    tmp_path: Path, rng: np.random.Generator, width: int, valid: int, suffix: str
) -> None:
    source = extensible(tmp_path / "in.wav", codes(rng, 2, valid), width, valid, 3)
    target = tmp_path / f"out{suffix}"
    chosen = copy(source, target)
    assert chosen.valid_bits == valid
    with FileSource(target) as again:
        assert again.format == chosen
    before, after = (soundfile.read(path, dtype="int32")[0] for path in (source, target))
    np.testing.assert_array_equal(after, before)
    # Cleaned, it is rounded to what the header says: no bits below.
    copy(source, target, gain=0.3)
    low = soundfile.read(target, dtype="int32")[0] & (1 << 32 - valid) - 1
    assert not low.any()


@pytest.mark.parametrize("knows_length", [True, False])
def test_valid_bits_of_plain_wav_and_aiff(
    tmp_path: Path, rng: np.random.Generator, knows_length: bool
) -> None:
    soundfile.write(tmp_path / "in.wav", codes(rng, 1, 20).T.astype(np.int32) << 12, 48000, "PCM_24")
    data = bytearray((tmp_path / "in.wav").read_bytes())
    data[34:36] = struct.pack("<H", 20)
    (tmp_path / "in.wav").write_bytes(data)
    samples = soundfile.read(tmp_path / "in.wav", dtype="int32")[0]
    copy(tmp_path / "in.wav", tmp_path / "out.wav", knows_length=knows_length)
    assert (tmp_path / "out.wav").read_bytes()[20:36] == data[20:36]
    copy(tmp_path / "out.wav", tmp_path / "out.aiff")
    comm = (tmp_path / "out.aiff").read_bytes()
    assert comm[comm.index(b"COMM") + 14 :][:2] == b"\0\x14"
    copy(tmp_path / "out.aiff", tmp_path / "back.wav")
    for name in ("out.wav", "out.aiff", "back.wav"):
        with FileSource(tmp_path / name) as source:
            assert source.format.valid_bits == 20
        np.testing.assert_array_equal(soundfile.read(tmp_path / name, dtype="int32")[0], samples)


def test_plain_wav_of_24_bits_in_words_of_four_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    """libsndfile takes the words for three bytes: noise, and a third more of it."""
    numbers = codes(rng, 2, 24)
    data = extensible(tmp_path / "a.wav", numbers, 4, 24, 3).read_bytes()
    plain = struct.pack("<HHIIHH", 1, 2, 48000, 384_000, 8, 24)
    start = struct.pack("<4sI4s4sI", b"RIFF", len(data) - 24 - 8, b"WAVE", b"fmt ", 16)
    (tmp_path / "in.wav").write_bytes(start + plain + data[60:])
    with FileSource(tmp_path / "in.wav") as source:
        assert source.n_samples == 301 and source.format.valid_bits == 24
        np.testing.assert_array_equal(source.read(1000) * 2**23, numbers)
    copy(tmp_path / "in.wav", tmp_path / "out.wav")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav")[0].T * 2**23, numbers)


def test_valid_bits_that_the_target_cannot_say_are_dropped() -> None:
    source = FileFormat("WAVEX", "PCM_32", 48000, 2, valid_bits=24)
    assert output_format(Path("a.flac"), source).subtype == "PCM_24"
    assert output_format(Path("a.aiff"), source).valid_bits is None
    assert output_format(Path("a.wav"), FileFormat("AIFF", "PCM_24", 48000, 2, valid_bits=20)) == FileFormat(
        "WAVEX", "PCM_24", 48000, 2, valid_bits=20
    )


# ---------------------------------------------------------------- exact lengths


@pytest.mark.parametrize("container", ["WAV", "W64"])
@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32"])
@pytest.mark.parametrize("n_samples", [1, 10_007, 10_100])
def test_codecs_of_blocks_keep_the_exact_length(
    tmp_path: Path, rng: np.random.Generator, container: str, subtype: str, n_samples: int
) -> None:
    if (container, subtype) == ("W64", "G721_32"):
        pytest.skip("libsndfile does not write it")
    path = tmp_path / f"a.{container.lower()}"
    audio = rng.uniform(-0.5, 0.5, (1, n_samples))
    with FileSink(path, FileFormat(container, subtype, 8000, 1), n_samples) as sink:
        sink.write(audio)
        sink.commit()
    assert soundfile.info(path).frames >= n_samples
    if n_samples > 1:  # so short a length ffmpeg does not believe in WAV
        assert int(ffprobe(path, "duration_ts")) == n_samples
    again = tmp_path / f"b.{container.lower()}"
    assert shortcomings(copy(path, again), n_samples) == ()
    for name in (path, again):
        with FileSource(name) as source:
            assert source.n_samples == n_samples
            assert source.read(10**6).shape == (1, n_samples) and source.read(10).shape == (1, 0)


def test_a_length_that_cannot_be_is_not_believed(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, rng.uniform(-0.5, 0.5, 10_007), 8000, "IMA_ADPCM")
    data = path.read_bytes()
    at = data.index(b"fact") + 8
    for stated, expected in ((10_007, 10_007), (0, 10_100), (9000, 10_100), (2**32 - 1, 10_100)):
        path.write_bytes(data[:at] + struct.pack("<I", stated) + data[at + 4 :])
        with FileSource(path) as source:
            assert source.n_samples == expected


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_U8", "ULAW", "ALAW"])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("n_samples", [1, 301, 302])
def test_aiff_of_an_odd_number_of_bytes(
    tmp_path: Path, rng: np.random.Generator, subtype: str, channels: int, n_samples: int
) -> None:
    """libsndfile counts the padding as a sample."""
    path = tmp_path / "a.aiff"
    with FileSink(path, FileFormat("AIFF", subtype, 8000, channels), n_samples) as sink:
        sink.write(rng.uniform(-0.5, 0.5, (channels, n_samples)))
        sink.commit()
    assert soundfile.info(path).frames == n_samples == int(ffprobe(path, "duration_ts"))
    assert path.stat().st_size % 2 == 0


# ---------------------------------------------------------------- orders of channels


TONES = (200, 400, 800, 60, 1600, 3200, 6400, 5000)  # the fourth is that of the woofer, where there is one
NAMES = {3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def tones(channels: int) -> Audio:
    time = np.arange(48_000) / 48_000
    return np.stack([0.3 * np.sin(2 * np.pi * each * time) for each in TONES[:channels]])


def found_tones(audio: Audio) -> list[int]:
    spectra = np.abs(np.fft.rfft(audio[:, 4800:43200]))
    return [round(int(np.argmax(each)) * 48_000 / 38_400) for each in spectra]


def ffmpeg_reads(path: Path, channels: int) -> list[int]:
    command = ("ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-")
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return found_tones(np.frombuffer(raw, "<f4").reshape(-1, channels).T)


@pytest.mark.parametrize("channels", range(3, 9))
@pytest.mark.parametrize(
    ("name", "subtype"), [("a.ogg", "VORBIS"), ("a.opus", "OPUS"), ("a.caf", "ALAC_16"), ("a.flac", "PCM_16")]
)
def test_each_speaker_keeps_its_sound(tmp_path: Path, channels: int, name: str, subtype: str) -> None:
    """libsndfile hands channels on in the order of the codec, which is not that of WAV."""
    container = {"ogg": "OGG", "opus": "OGG", "caf": "CAF", "flac": "FLAC"}[name.rpartition(".")[2]]
    path = tmp_path / name
    with FileSink(path, FileFormat(container, subtype, 48000, channels), 48_000) as sink:
        sink.write(tones(channels))
        sink.commit()
    expected = list(TONES[:channels])
    with FileSource(path) as source:
        assert found_tones(source.read(10**6)) == expected
    copy(path, tmp_path / "out.wav")
    told = ffprobe(path, "channel_layout")
    assert ffprobe(tmp_path / "out.wav", "channel_layout") == told
    assert ffmpeg_reads(path, channels) == ffmpeg_reads(tmp_path / "out.wav", channels) == expected
    assert container == "CAF" or told.removesuffix("(side)") == NAMES[channels]


def test_vorbis_of_another_encoder_reaches_the_right_speakers(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", tones(6).T, 48000)
    command = ("ffmpeg", "-v", "error", "-i", tmp_path / "in.wav", "-af", "channelmap=channel_layout=5.1")
    subprocess.run((*command, "-c:a", "libvorbis", tmp_path / "a.ogg"), check=True)
    copy(tmp_path / "a.ogg", tmp_path / "out.wav")
    assert ffmpeg_reads(tmp_path / "out.wav", 6) == list(TONES[:6])
    assert ffprobe(tmp_path / "out.wav", "channel_layout") == "5.1"


# ---------------------------------------------------------------- what cannot be said


@pytest.mark.parametrize(
    ("file_format", "n_samples", "text"),
    [
        (FileFormat("W64", "PCM_16", 8000, 6, channel_layout=layout_of_mask(0x3F)), 9, "for which speakers"),
        (
            FileFormat("FLAC", "PCM_16", 8000, 6, channel_layout=layout_of_mask(0xCF)),
            9,
            "for which speakers",
        ),
        (FileFormat("FLAC", "PCM_16", 8000, 6, channel_layout=layout_of_mask(0x60F)), 9, None),
        (FileFormat("OGG", "OPUS", 48000, 6, channel_layout=layout_of_mask(0x60F)), 9, "for which speakers"),
        (FileFormat("FLAC", "PCM_16", 8000, 6, channel_layout=layout_of_mask(0x3F)), 9, None),
        (FileFormat("AU", "PCM_16", 8000, 2, channel_layout=layout_of_mask(3)), 9, None),
        (FileFormat("AU", "PCM_16", 8000, 2, channel_layout=layout_of_mask(0x30)), 9, "for which speakers"),
        (
            FileFormat("WAV", "PCM_16", 8000, 6, channel_layout=struct.pack(">III", 122 << 16 | 6, 0, 0)),
            9,
            "for",
        ),
        (
            FileFormat("CAF", "PCM_16", 8000, 6, channel_layout=struct.pack(">III", 122 << 16 | 6, 0, 0)),
            9,
            None,
        ),
        (FileFormat("AIFF", "IMA_ADPCM", 8000, 1), 100, "blocks of 64 samples"),
        (FileFormat("AIFF", "IMA_ADPCM", 8000, 1), None, "blocks of 64 samples"),
        (FileFormat("AIFF", "IMA_ADPCM", 8000, 1), 640, None),
        (FileFormat("AU", "G723_24", 8000, 1), 100, "blocks of 120 samples"),
        (FileFormat("WAV", "IMA_ADPCM", 8000, 1), 100, None),
    ],
)
def test_shortcomings(file_format: FileFormat, n_samples: int | None, text: str | None) -> None:
    found = shortcomings(file_format, n_samples)
    assert len(found) == (text is not None)
    assert text is None or text in found[0]


def test_a_job_warns_of_them(tmp_path: Path, rng: np.random.Generator) -> None:
    source = extensible(tmp_path / "in.wav", codes(rng, 6, 16, 48_000), 2, 16, 0x60F)
    warned: list[str] = []
    chain = make_chain_settings(values={"generator": "classical"})
    job = Job(Names(str(source), str(tmp_path / "out.w64")), chain)
    outcome = clean(job, JobCallbacks(warn=warned.append))
    assert len(warned) == 1 and "out.w64: PCM_16 in W64 cannot say for which speakers" in warned[0]
    assert tuple(warned) == outcome.notes
