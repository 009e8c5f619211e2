"""The length that a header states against what is in the file, in both directions."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from recordings import FAST, snapshot, sound

from dap_stream.cli.main import main
from dap_stream.core.array_types import F64
from dap_stream.errors import InputError
from dap_stream.io.file_source import FileSource

RATE, N = 16000, 16000


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


# Container, byte order, name of the chunk or 0 for a fixed place, from there to the size, its layout.
CONTAINERS = {
    "wav": ("WAV", None, b"data", 4, "<I"),
    "rifx": ("WAV", "BIG", b"data", 4, ">I"),
    "rf64": ("RF64", None, b"ds64", 16, "<Q"),
    "w64": ("W64", None, b"data", 16, "<Q"),
    "aiff": ("AIFF", None, b"SSND", 4, ">I"),
    "au": ("AU", None, b".snd", 8, ">I"),
    "caf": ("CAF", None, b"data", 4, ">Q"),
}
# What the size counts besides the samples.
BEFORE = {"w64": 24, "aiff": 8, "caf": 4}
NOT_KNOWN = {**dict.fromkeys(("wav", "rifx", "au"), (0, 0xFFFFFFFF, 0x7FFFFFFF)), "rf64": (0, 2**64 - 1),
             "w64": (0, 2**64 - 1, 2**63 - 1), "aiff": (0, 0xFFFFFFFF), "caf": (2**64 - 1, 0)}  # fmt: skip


def samples(n: int = N, seed: int = 0, channels: int = 1) -> F64:
    return sound(n / RATE, RATE, channels, seed)


def make(name: str, n: int = N, seed: int = 0) -> Path:
    container, endian, *_ = CONTAINERS[name]
    path = Path(f"a.{name}")
    soundfile.write(path, samples(n, seed).T, RATE, "PCM_16", endian, container)
    return path


def set_size(path: Path, size: int) -> None:
    _, _, chunk, offset, layout = CONTAINERS[path.suffix[1:]]
    data = bytearray(path.read_bytes())
    struct.pack_into(layout, data, data.find(chunk) + offset, size)
    path.write_bytes(data)


def decoded(path: Path) -> F64:
    with FileSource(path) as source:
        assert source.n_samples is not None
        return np.asarray(source.read(source.n_samples + 1), np.float64)


def doubt(path: Path) -> str | None:
    with FileSource(path) as source:
        return source.doubt


@pytest.mark.parametrize(
    ("name", "size"), [(name, size) for name, sizes in NOT_KNOWN.items() for size in sizes]
)
def test_a_length_that_nobody_filled_in_is_that_of_the_file(name: str, size: int) -> None:
    path = make(name)
    expected = decoded(path)
    set_size(path, size)
    np.testing.assert_array_equal(decoded(path), expected)
    assert doubt(path) is None


@pytest.mark.parametrize("name", ["wav", "w64", "caf", "au", "aiff", "rf64"])
def test_what_ffmpeg_sends_through_a_pipe(name: str) -> None:
    options = ["-f", "wav", "-rf64", "always"] if name == "rf64" else ["-f", name]
    expected = decoded(make("wav"))
    sent = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", "a.wav", *options, "-"], stdout=subprocess.PIPE, check=True
    )
    Path("sent").write_bytes(sent.stdout)
    np.testing.assert_array_equal(decoded(Path("sent")), expected)


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name != "w64"])
def test_samples_behind_the_stated_end_are_read_and_told_of(name: str, capsys) -> None:
    path = make(name)
    expected = decoded(path)
    set_size(path, N + BEFORE.get(name, 0))  # bytes, half of them
    np.testing.assert_array_equal(decoded(path), expected)
    assert doubt(path) == "its header tells of 0:00.500, and 0:01.000 of audio are there: all of it is read"
    before = snapshot(Path())
    assert main(["denoise", str(path), "--in-place", *FAST]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "0:00.500" in said and "name another file" in said
    assert snapshot(Path()) == before
    assert main(["denoise", str(path), "-o", "b.wav", *FAST]) == 0
    assert "warning" in capsys.readouterr().err and soundfile.info("b.wav").frames == N


def join(path: Path, other: Path) -> Path:
    with path.open("ab") as file:
        file.write(other.read_bytes())
    return path


def encoded(name: str, *options: str, seed: int = 0, seconds: int = 2) -> Path:
    soundfile.write("tmp.wav", samples(seconds * RATE, seed).T, RATE, "PCM_16")
    path = Path(name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", "tmp.wav", *options, str(path)], check=True)
    Path("tmp.wav").unlink()
    return path


def assert_refused(path: Path, capsys, *said: str) -> None:
    before = snapshot(Path())
    for options in (["--in-place"], ["-o", "result.wav"]):
        assert main(["denoise", str(path), *options, *FAST]) == 1
        text = capsys.readouterr().err
        assert text.count("\n") == 1 and all(part in text for part in said), text
        assert snapshot(Path()) == before


@pytest.mark.parametrize("other_rate", [RATE, 8000])
@pytest.mark.parametrize("name", list(CONTAINERS))
def test_a_second_recording_behind_the_first_is_refused(name: str, other_rate: int, capsys) -> None:
    path = make(name)
    second = Path(f"b.{name}")
    container, endian, *_ = CONTAINERS[name]
    soundfile.write(second, samples(N, 1).T, other_rate, "PCM_16", endian, container)
    assert_refused(join(path, second), capsys, "another recording", "would be read")


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.opus", ()),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.flac", ()),
        ("a.mp3", ()),
        ("a.mp3", ("-write_id3v2", "0")),
        ("a.mp3", ("-q:a", "4")),
    ],
)
def test_joined_compressed_streams_are_refused(
    name: str, options: tuple[str, ...], same: bool, capsys
) -> None:
    path = encoded(name, *options)
    second = (
        shutil.copy(path, f"b{path.suffix}")
        if same
        else encoded(f"b{path.suffix}", *options, "-ar", "24000", seed=1)
    )
    assert_refused(join(path, Path(second)), capsys, "0:02.0", "of about", "would be read")


def test_joined_mp3s_that_do_not_say_a_length_are_read_to_their_end() -> None:
    options = ("-write_xing", "0", "-b:a", "64k")
    path = encoded("a.mp3", *options)
    join(path, encoded("b.mp3", *options, seed=1))
    with FileSource(path) as source:
        assert source.n_samples is None
        n_samples = 0
        while (n := source.read(4096).shape[1]) > 0:
            n_samples += n
    assert n_samples > 3.9 * RATE


def test_mp3s_of_two_rates_without_a_length_are_refused(capsys) -> None:
    path = encoded("a.mp3", "-write_xing", "0", "-b:a", "64k")
    second = encoded("b.mp3", "-write_xing", "0", "-b:a", "64k", "-ar", "24000")
    assert main(["denoise", str(join(path, second)), "--in-place", *FAST]) == 1
    assert "several joined" in capsys.readouterr().err


def test_flac_with_more_frames_than_it_says_is_refused(capsys) -> None:
    path = encoded("a.flac")
    data = bytearray(path.read_bytes())
    data[21:26] = (int.from_bytes(data[21:26], "big") - RATE).to_bytes(5, "big")
    path.write_bytes(data)
    assert_refused(path, capsys, "more audio than the header says", "0:01.000 of about 0:02.000")


def _list(size: int) -> bytes:
    return struct.pack("<4sI4s", b"LIST", size, b"INFO") + b"x" * (size - 4)


HARMLESS: dict[str, Callable[[str], bytes]] = {
    "ID3v1": lambda name: b"TAG" + b"x" * 125,
    "ID3v2": lambda name: b"ID3\4\0\0\0\0\1\0" + b"x" * 128,
    "APE": lambda name: b"APETAGEX" + b"x" * 300,
    "zeros": lambda name: bytes(5000),
    "a few bytes": lambda name: b"\1\2\3\4\5",
}


@pytest.mark.parametrize("tag", list(HARMLESS))
@pytest.mark.parametrize("name", [*CONTAINERS, "flac", "ogg", "mp3"])
def test_what_is_no_audio_behind_it_is_let_be(name: str, tag: str) -> None:
    path = make(name) if name in CONTAINERS else encoded(f"a.{name}")
    expected = decoded(path)
    with path.open("ab") as file:
        file.write(HARMLESS[tag](name))
    np.testing.assert_array_equal(decoded(path), expected)
    assert doubt(path) is None


@pytest.mark.parametrize("is_padded", [True, False])
def test_chunks_behind_the_audio_are_let_be(is_padded: bool) -> None:
    soundfile.write("a.wav", samples(N + 1).T, RATE, "PCM_U8")
    expected = soundfile.read("a.wav", always_2d=True)[0].T
    head = Path("a.wav").read_bytes()[: 44 + N + 1]
    for behind in (_list(300), struct.pack("<4sI", b"Zoom", 10) + b"y" * 10, _list(20) + _list(40)):
        Path("a.wav").write_bytes(head + bytes(is_padded) + behind)
        np.testing.assert_array_equal(decoded(Path("a.wav")), expected)
        assert doubt(Path("a.wav")) is None


@pytest.mark.parametrize("kind", ["wav", "rifx", "au", "aiff"])
@pytest.mark.parametrize("stated", ["wrapped", "saturated"])
def test_sizes_above_four_gibibytes(kind: str, stated: str) -> None:
    """A sparse file: its length is found without reading it."""
    n_bytes = 2**32 + 2**20
    path = make(kind)
    head = path.read_bytes()[: path.stat().st_size - 2 * N]
    size = n_bytes % 2**32 + BEFORE.get(kind, 0) if stated == "wrapped" else 0xFFFFFFFF
    with path.open("r+b") as file:
        file.truncate(len(head) + n_bytes)
        file.seek(2**31)
        file.write(b"\1" * 100)  # no zeros, which would be room that was not used
    set_size_in_head(path, size)
    with FileSource(path) as source:
        assert source.n_samples == n_bytes // 2 and source.doubt is None
        source.seek(n_bytes // 2 - 10)
        assert source.read(100).shape == (1, 10)


def set_size_in_head(path: Path, size: int) -> None:
    _, _, chunk, offset, layout = CONTAINERS[path.suffix[1:]]
    with path.open("r+b") as file:
        head = file.read(4096)
        file.seek(head.find(chunk) + offset)
        file.write(struct.pack(layout, size))


@pytest.mark.parametrize("name", list(CONTAINERS))
@pytest.mark.parametrize("size", [1, 3, 2**31, 2**31 - 1, 2**62, 2**63, 2**63 + 5, 2**64 - 1, 2**64 - 24])
def test_sizes_that_cannot_be_never_surprise(name: str, size: int) -> None:
    path = make(name)
    set_size(path, size % 2 ** (8 * struct.calcsize(CONTAINERS[name][4])))
    with contextlib.suppress(InputError):
        assert decoded(path).shape[1] <= N + 32


def test_a_file_that_is_only_chunks_ends_soon() -> None:
    Path("a.wav").write_bytes(b"RIFF\xff\xff\xff\x00WAVE" + b"JUNK\0\0\0\0" * 300_000)
    with pytest.raises(InputError):
        FileSource("a.wav")


@pytest.mark.parametrize("n", [5, 26, 27, 40])
def test_an_ogg_page_that_is_cut_in_its_head_ends_the_search(n: int) -> None:
    Path("a.ogg").write_bytes(encoded("b.ogg").read_bytes()[:n])
    with pytest.raises(InputError):
        FileSource("a.ogg")


def as_from_a_pipe(path: Path) -> Path:
    """A FLAC that does not say its length."""
    data = bytearray(path.read_bytes())
    data[21:26] = (int.from_bytes(data[21:26], "big") >> 36 << 36).to_bytes(5, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_flac_of_unknown_length_with_a_damaged_frame_is_refused(part: float, capsys) -> None:
    """libFLAC ends there without an error, and libsndfile takes it for the end of the recording."""
    path = as_from_a_pipe(encoded("a.flac"))
    data = bytearray(path.read_bytes())
    begin = data.find(b"\xff\xf8")
    at = begin + round(part * (len(data) - begin))
    data[at : at + 40] = bytes(40)
    path.write_bytes(data)
    assert_refused(path, capsys, "damaged or truncated")


def test_flac_of_unknown_length_that_is_cut_is_refused(capsys) -> None:
    path = as_from_a_pipe(encoded("a.flac"))
    whole = path.read_bytes()
    with FileSource(path) as source:
        assert source.n_samples is None and source.read(10 * RATE).shape == (1, 2 * RATE)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert_refused(path, capsys, "truncated")
