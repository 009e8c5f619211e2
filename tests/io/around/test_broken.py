"""Metadata that is broken, enormous or hostile: told of and left out, and the samples never suffer."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from copies import copied
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recorder_files import bext, chunks_of, cue, fmt, info, pack, samples, wav
from recordings import FAST, snapshot

from dap_stream.cli.main import main
from dap_stream.io.around import surroundings
from dap_stream.io.around.carry import carry
from dap_stream.io.around.cut import Cut
from dap_stream.io.around.describe import describe_around
from dap_stream.io.around.surroundings import Chunk, Surroundings
from dap_stream.io.file_source import FileSource
from dap_stream.io.formats import FileFormat


def with_tail(path: Path, tail: bytes, before: bytes = b"") -> Path:
    """A WAV file with bytes behind its last chunk, and before its first."""
    content = wav([(b"fmt ", fmt())], samples(4800), [(b"wamd", b"abcd")])
    body = content[8:12] + before + content[12:] + tail
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def left_out(path: Path) -> tuple[str, ...]:
    with FileSource(path) as source:
        return source.surroundings().left_out


def test_a_chunk_that_says_it_has_four_gigabytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = with_tail(tmp_path / "a.wav", struct.pack("<4sI", b"cue ", 2**32 - 8) + bytes(20))
    assert left_out(source) == ("chunk cue of 4294967288 bytes, of which 20 are there",)
    assert main(["denoise", str(source), "-o", str(tmp_path / "b.wav"), *FAST]) == 0
    said = capsys.readouterr().err
    assert said.count("left out: chunk cue of 4294967288 bytes") == 1 and said.count("warning") == 1
    assert chunks_of(tmp_path / "b.wav")[2] == [(b"wamd", b"abcd")]
    assert soundfile.info(tmp_path / "b.wav").frames == 4800


def test_a_million_chunks(tmp_path: Path) -> None:
    source = with_tail(tmp_path / "a.wav", b"JUNK\0\0\0\0" * 1_000_000)
    tracemalloc.start()
    assert copied(source, tmp_path / "b.wav") == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30e6
    assert left_out(source) == (f"more than {surroundings.MAX_CHUNKS} chunks: all behind them",)
    _, audio, behind = chunks_of(tmp_path / "b.wav")
    assert audio == samples(4800) and len(behind) < surroundings.MAX_CHUNKS


def test_chunks_too_large_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "MAX_BYTES", 1000)
    source = with_tail(tmp_path / "a.wav", pack(b"_PMX", bytes(2000)) + pack(b"iXML", b"<x/>"))
    assert left_out(source) == ("chunk _PMX of 0.0 MB, which is too large",)
    copied(source, tmp_path / "b.wav")
    assert [name for name, _ in chunks_of(tmp_path / "b.wav")[2]] == [b"wamd", b"iXML"]


def test_a_writer_that_forgets_the_padding(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    content = wav([(b"fmt ", fmt(bits=24))], samples(4801), [(b"LIST", info(INAM="Wald"))])
    at = content.index(b"LIST")
    source.write_bytes(content[:4] + struct.pack("<I", len(content) - 9) + content[8 : at - 1] + content[at:])
    assert left_out(source) == ()
    copied(source, tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_bytes() == content


def test_a_tag_behind_the_last_chunk(tmp_path: Path) -> None:
    content = wav([(b"fmt ", fmt())], samples(4800), [(b"wamd", b"abcd")])
    (tmp_path / "a.wav").write_bytes(content + b"TAG".ljust(128, b"x"))
    assert left_out(tmp_path / "a.wav") == ("128 bytes at the end, which are no chunk",)
    copied(tmp_path / "a.wav", tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_bytes() == content


def test_ogg_whose_comments_never_end(tmp_path: Path) -> None:
    """Pages that all go on with one packet: the file is refused by the decoder, not read into memory."""
    source = tmp_path / "a.ogg"
    soundfile.write(source, np.zeros(4800), 48000)
    content = source.read_bytes()
    second = content.index(b"OggS", 4)
    page = bytearray(content[second : second + 27]) + b"\xff" * 255 + bytes(255 * 255)
    page[26] = 255
    with source.open("wb") as file:
        file.write(content[:second])
        for _ in range(1100):
            file.write(page)
    from dap_stream.io.around.read import read_around

    tracemalloc.start()
    found = read_around(source, "OGG", None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.left_out and not found.all and peak < 2.5 * surroundings.MAX_BYTES


def test_id3_of_an_ape_that_is_broken(tmp_path: Path) -> None:
    source = tmp_path / "a.mp3"
    soundfile.write(source, np.zeros(48000), 48000)
    foot = b"APETAGEX" + struct.pack("<IIII", 2000, 2**31, 1, 0) + bytes(8)
    with source.open("ab") as file:
        file.write(foot)
    copied(source, tmp_path / "b.mp3")
    assert len(left_out(source)) == 1 and soundfile.info(tmp_path / "b.mp3").frames >= 48000


# ---------------------------------------------------------------- anything in chunks that mean something

_NAMES = {
    "RIFF": [
        b"bext",
        b"cue ",
        b"LIST",
        b"smpl",
        b"plst",
        b"iXML",
        b"guan",
        b"id3 ",
        b"fact",
        b"fmt ",
        b"JUNK",
    ],
    "AIFF": [b"MARK", b"COMT", b"INST", b"NAME", b"ID3 ", b"COMM"],
    "CAF": [b"info", b"mark", b"regn", b"desc"],
    "FLAC": [bytes([kind]) for kind in range(9)],
    "OGG": [b"comment"],
    "MP3": [b"ID3", b"TAG", b"APE"],
}
_BEGINS = [b"", b"adtl", b"INFO", b"ID3\3\0\0\0\0\1\0", b"riffRIFF", b"aiffFORM", b"riffdata", b"riffWAVE"]
bodies = st.builds(
    lambda begin, number, rest: begin + struct.pack("<I", number) + rest,
    st.sampled_from(_BEGINS),
    st.one_of(st.integers(0, 5), st.sampled_from([2**31, 2**32 - 1])),
    st.one_of(st.binary(max_size=200), st.binary(min_size=600, max_size=700)),
)
pieces = st.sampled_from(sorted(_NAMES)).flatmap(
    lambda kind: st.tuples(
        st.just(kind), st.lists(st.tuples(st.sampled_from(_NAMES[kind]), bodies), min_size=1, max_size=5)
    )
)
_RESULTS = [
    FileFormat(container, subtype, 48000, 2)
    for container, subtype in [
        *(("WAV", "PCM_16"), ("W64", "FLOAT"), ("AIFF", "PCM_24"), ("CAF", "PCM_16"), ("FLAC", "PCM_16")),
        *(("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("AU", "PCM_16")),
    ]
]


@settings(max_examples=300, deadline=None)
@given(pieces, st.sampled_from([Cut(48000), Cut(48000, 100, 200), Cut(48000, 1)]))
@example(("AIFF", [(b"COMM", b"adtl" + b"\xff" * 4 + bytes(10))]), Cut(48000))  # 40 GB, as it says
def test_nothing_in_a_piece_is_an_error(found: tuple[str, list[tuple[bytes, bytes]]], cut: Cut) -> None:
    kind, chunks = found
    around = Surroundings(kind, tuple(Chunk(*each) for each in chunks), (), b"RIFF")
    describe_around(around, 48000)
    for result in _RESULTS:
        carry(around, cut, result, 200)


riff_pieces = st.lists(st.tuples(st.sampled_from(_NAMES["RIFF"][:9]), bodies), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(riff_pieces)
def test_samples_are_there_whatever_the_chunks_say(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[bytes, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("job")
    source, target = folder / "a.wav", folder / "b.wav"
    source.write_bytes(wav([(b"fmt ", fmt())], samples(4800), chunks))
    copied(source, target, 100, 4700)
    np.testing.assert_array_equal(soundfile.read(target)[0], soundfile.read(source)[0][100:4700])
    chunks_of(target)


# ---------------------------------------------------------------- a disk that is full


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(
        wav([(b"bext", bext("x", "y")), (b"fmt ", fmt())], samples(96000), [(b"cue ", cue((1, 5)))])
    )
    before = snapshot(tmp_path)
    script = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.path.insert(0, {str(Path(__file__).parents[2] / "support")!r})
from pathlib import Path
from copies import copied
from dap_stream.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    copied(Path({str(source)!r}), Path({str(tmp_path / "b.wav")!r}))
except OutputError as error:
    print(error)
"""
    assert hasattr(resource, "RLIMIT_FSIZE")
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "writing failed (File too large)" in result.stdout and result.stdout.count("\n") == 1
    assert result.stderr == "" and snapshot(tmp_path) == before
