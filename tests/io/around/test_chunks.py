"""Chunks of WAV, RF64, BW64 and Wave64: any of them, in order and bit for bit."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import wavinfo
from copies import copied
from hypothesis import example, given, settings
from hypothesis import strategies as st
from recorder_files import (
    IXML,
    START,
    Chunks,
    bext,
    chunks_of,
    cue,
    filled,
    fmt,
    info,
    labels,
    pack,
    rf64,
    samples,
    smpl,
    wav,
)

from dap_stream.io.file_source import FileSource

# Names that mean something to the package or to libsndfile, and the rest.
_MEANING = b"PEAKLISTINSTRIFFRIFXFORM"
names = st.one_of(
    st.sampled_from(
        [b"iXML", b"axml", b"chna", b"_PMX", b"wamd", b"guan", b"JUNK", b"umid", b"minf", b"DISP"]
    ),
    st.binary(min_size=4, max_size=4).map(lambda raw: bytes(0x41 + byte % 26 for byte in raw)),
).filter(lambda name: name not in _MEANING)
some_chunks = st.lists(st.tuples(names, st.binary(max_size=70)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    before=some_chunks,
    between=some_chunks,
    behind=some_chunks,
    form=st.sampled_from([16, 18, 40]),
    bits=st.sampled_from([16, 24]),
    n=st.integers(1, 300),
    magic=st.sampled_from([b"RIFF", b"RF64", b"BW64"]),
)
@example([], [], [(b"TAGA", b"")], 16, 16, 1, b"RIFF")  # like the head of an old tag of MP3
@example([], [], [(b"TAGA", bytes(120))], 16, 16, 1, b"RF64")
def test_any_chunks_survive(
    before: Chunks, between: Chunks, behind: Chunks, form: int, bits: int, n: int, magic: bytes
) -> None:
    make = wav if magic == b"RIFF" else rf64
    chunks = [*before, (b"fmt ", fmt(1, bits, form=form)), *between]
    content = make(chunks, samples(n, bits=bits), behind, magic)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        source.write_bytes(content)
        assert copied(source, target) == ()
        if magic == b"RIFF":
            assert target.read_bytes() == content
        else:
            assert target.read_bytes()[:4] == magic
            old_before, old_audio, old_behind = chunks_of(source)
            new_before, new_audio, new_behind = chunks_of(target)
            assert (new_before[1:], new_audio, new_behind) == (old_before[1:], old_audio, old_behind)
            assert new_before[0][1][:8] == struct.pack("<Q", len(content) - 8)


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    head = [(b"bext", bext("", "x", START)), (b"fmt ", fmt(2)), (b"iXML", IXML)]
    source.write_bytes(wav(head, samples(channels=2)))
    made = []
    for name in ("b.wav", "c.wav"):
        copied(source, tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


# ---------------------------------------------------------------- what depends on the samples


def test_what_was_measured_of_the_samples_is_dropped_or_said_anew(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    loudness = struct.pack("<5h", -2300, 500, -100, -2000, -2100)
    chunks = [
        (b"bext", bext("", "x", START, version=2, loudness=loudness)),
        (b"fmt ", fmt()),
        (b"fact", struct.pack("<I", 77)),
        (b"PEAK", bytes(16)),
        (b"MD5 ", bytes(16)),
        (b"levl", bytes(200)),
    ]
    source.write_bytes(wav(chunks, samples(500)))
    copied(source, target)
    before, _, _ = chunks_of(target)
    assert [name for name, _ in before] == [b"bext", b"fmt ", b"fact"]
    assert before[2][1] == struct.pack("<I", 500)
    assert before[0][1][412:422] == struct.pack("<5H", *[0x7FFF] * 5)
    assert wavinfo.WavInfoReader(str(target)).bext.umid == bytes(range(64))


def test_peak_of_floats_is_that_of_the_result(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, np.linspace(-0.5, 0.25, 1000), 48000, "FLOAT")
    content = bytearray(source.read_bytes())
    at = content.index(b"PEAK") + 16
    assert struct.unpack_from("<f", content, at)[0] == 0.5
    struct.pack_into("<f", content, at, 0.125)
    source.write_bytes(content)
    copied(source, target)
    before, _, _ = chunks_of(target)
    peak = dict(before)[b"PEAK"]
    assert struct.unpack_from("<f", peak, 8)[0] == 0.5 and [name for name, _ in before] == [
        b"fmt ",
        b"fact",
        b"PEAK",
    ]


# ---------------------------------------------------------------- parts of a recording


def test_places_move_with_a_stretch(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    behind = [
        (b"cue ", cue((1, 100), (2, 1500), (3, 900), (4, 2999), (5, 2000))),
        (
            b"LIST",
            labels((1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), regions=[(2, 100), (3, 300), (5, 900)]),
        ),
        (b"smpl", smpl((1200, 1399), (100, 1100), (1900, 2500))),
        (b"LIST", info(INAM="name")),
    ]
    source.write_bytes(wav([(b"iXML", IXML), (b"fmt ", fmt())], samples(3000), behind))
    assert copied(source, target, 1000, 2100) == ()
    _, _, behind = chunks_of(target)
    assert [name for name, _ in behind] == [b"cue ", b"LIST", b"smpl", b"LIST"]
    assert behind[0][1] == cue((2, 500), (3, 0), (5, 1000))
    assert behind[1][1] == labels((2, "b"), (3, "c"), (5, "e"), regions=[(2, 100), (3, 200), (5, 100)])
    assert behind[2][1] == smpl((200, 399))
    assert behind[3][1] == info(INAM="name")
    ixml = dict(chunks_of(target)[0])[b"iXML"]
    for name in (b"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", b"BWF_TIME_REFERENCE_LOW"):
        assert b"<%s>%d</%s>" % (name, START + 1000, name) in ixml


def test_no_mark_in_the_stretch_leaves_no_chunk(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    behind = [(b"cue ", cue((1, 10))), (b"LIST", labels((1, "a")))]
    source.write_bytes(wav([(b"fmt ", fmt())], samples(3000), behind))
    copied(source, target, 1000)
    assert chunks_of(target)[2] == []


def test_marks_of_bw64_are_lost_in_a_stretch_and_told_of(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    source.write_bytes(rf64([(b"r64m", bytes(320)), (b"fmt ", fmt())], samples(3000), magic=b"BW64"))
    assert copied(source, target) == () and b"r64m" in target.read_bytes()
    assert copied(source, target, 1000) == ("r64m",) and b"r64m" not in target.read_bytes()


def test_guano_tells_when_the_stretch_begins_and_how_long_it_is(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    text = b"GUANO|Version: 1.0\nTimestamp: 2024-05-17 23:59:59\nLength: 2.0\nLoc Elevation: 3\n"
    source.write_bytes(wav([(b"fmt ", fmt())], samples(96000), [(b"guan", text)]))
    copied(source, target, 48000, 72000)
    assert chunks_of(target)[2][0][1] == text.replace(b"2024-05-17 23:59:59", b"2024-05-18 00:00:00").replace(
        b"2.0", b"0.5"
    )


# ---------------------------------------------------------------- room


def test_history_grows_where_there_is_no_filler(tmp_path: Path) -> None:
    path = tmp_path / "0.wav"
    path.write_bytes(wav([(b"bext", bext("", "x")), (b"fmt ", fmt())], samples(100)))
    for generation in (1, 2):
        copied(tmp_path / f"{generation - 1}.wav", tmp_path / f"{generation}.wav")
    history = dict(chunks_of(tmp_path / "2.wav")[0])[b"bext"][602:].rstrip(b"\0")
    assert history.count(b"T=dap_stream ") == 2 and history.endswith(b"\r\n")


def test_a_filler_too_small_stays(tmp_path: Path) -> None:
    path, target = tmp_path / "a.wav", tmp_path / "b.wav"
    path.write_bytes(wav([(b"JUNK", bytes(28)), (b"bext", bext("", "x")), (b"fmt ", fmt())], samples(100)))
    copied(path, target)
    assert dict(chunks_of(target)[0])[b"JUNK"] == bytes(28)


@pytest.mark.parametrize("first", [b"", b"JUNK"])
def test_length_that_is_not_known_leaves_room_for_rf64(tmp_path: Path, first: bytes) -> None:
    path, target = tmp_path / "a.wav", tmp_path / "b.wav"
    head = [(first, bytes(28))] if first else []
    chunks = [*head, (b"bext", bext("", "x", size=700)), (b"fmt ", fmt(2)), (b"iXML", IXML)]
    path.write_bytes(wav(chunks, samples(channels=2), [(b"wamd", b"abc")]))
    copied(path, target, knows_length=False)
    before, audio, behind = chunks_of(target)
    assert [name for name, _ in before] == [b"JUNK", b"bext", b"fmt ", b"iXML"] and len(before[0][1]) == 28
    assert (audio, behind) == (samples(channels=2), [(b"wamd", b"abc")])


def test_wav_becomes_rf64_and_rf64_stays(tmp_path: Path) -> None:
    path, target, again = tmp_path / "a.wav", tmp_path / "b.rf64", tmp_path / "c.wav"
    chunks = [
        (b"bext", bext("x", "y", START)),
        (b"fmt ", fmt(2)),
        (b"iXML", IXML + b" " * (1 - len(IXML) % 2)),
    ]
    path.write_bytes(wav(chunks, samples(channels=2), [(b"cue ", cue((1, 5)))]))
    copied(path, target)
    copied(target, again)
    assert soundfile.info(target).format == soundfile.info(again).format == "RF64"
    for each in (target, again):
        before, audio, behind = chunks_of(each)
        assert [name for name, _ in before] == [b"ds64", b"bext", b"fmt ", b"iXML"]
        assert before[2] == chunks[1] and audio == samples(channels=2) and behind == [(b"cue ", cue((1, 5)))]
    told = subprocess.run(
        ("ffprobe", "-v", "error", "-show_entries", "format_tags", target), capture_output=True, check=True
    )
    assert f"time_reference={START}" in told.stdout.decode() and told.stderr == b""


def test_more_than_four_gigabytes_with_metadata(tmp_path: Path) -> None:
    """The head alone: a sparse file stands for the samples."""
    from dap_stream.io.around.surroundings import Chunk, Surroundings
    from dap_stream.io.around.write_chunks import ChunkWriter
    from dap_stream.io.shifted_file import ShiftedFile

    probe = tmp_path / "probe.wav"
    soundfile.write(probe, np.zeros((1, 2)), 48000, "PCM_24", format="RF64")
    around = Surroundings(
        "RIFF",
        (Chunk(b"bext", bext("x", "y", START)), Chunk(b"fmt ", fmt(2))),
        (Chunk(b"wamd", b"abcd"),),
        b"RIFF",
    )
    writer = ChunkWriter(around, keeps_room=True)
    with probe.open("rb") as file:
        room = writer.room(file)
        file.seek(0)
        head = file.read(room[0])
    n_samples = 2**32 // 6 + 1000
    path = tmp_path / "big.wav"
    path.touch()
    at = head.index(b"ds64") + 8
    head = head[: at + 8] + struct.pack("<Q", n_samples * 6) + head[at + 16 :]
    with ShiftedFile(path, *room) as inner, path.open("r+b") as outer:
        inner.write(head)
        inner.truncate(room[0] + n_samples * 6)
        writer.put(inner.as_binary(), outer, n_samples)
    assert soundfile.info(path).frames == n_samples and soundfile.info(path).format == "RF64"
    found = wavinfo.WavInfoReader(str(path))
    assert found.bext.time_reference == START
    with FileSource(path) as source:
        assert source.n_samples == n_samples
        assert source.surroundings().behind == (Chunk(b"wamd", b"abcd"),)


# ---------------------------------------------------------------- relatives


def test_big_endian_stays_so(tmp_path: Path) -> None:
    path, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(path, np.linspace(-0.5, 0.5, 100), 48000, "PCM_16", "BIG", "WAV")
    content = path.read_bytes() + pack(b"abcd", b"12345", ">")
    content = content[:4] + struct.pack(">I", len(content) - 8) + content[8:]
    path.write_bytes(content)
    copied(path, target)
    assert target.read_bytes() == content


def test_wave64_and_back(tmp_path: Path) -> None:
    path, middle, again = tmp_path / "a.wav", tmp_path / "b.w64", tmp_path / "c.wav"
    chunks = [(b"iXML", IXML), (b"fmt ", fmt(2))]
    behind = [(b"LIST", info(INAM="name")), (b"wamd", b"abc"), (b"cue ", cue((1, 5)))]
    path.write_bytes(wav(chunks, samples(channels=2), behind))
    assert copied(path, middle) == copied(middle, again) == ()
    assert soundfile.info(middle).frames == soundfile.info(path).frames
    assert chunks_of(again) == ([*chunks, *behind], samples(channels=2), [])
    assert b"list\x2f\x91" not in middle.read_bytes() and b"list\x2e\x91\xcf\x11" in middle.read_bytes()


def test_filler_of_another_file_is_found_by_its_zeros(tmp_path: Path) -> None:
    """One that has something in it is not taken for room."""
    path, target = tmp_path / "a.wav", tmp_path / "b.wav"
    chunks = filled([(b"bext", bext("", "x")), (b"fmt ", fmt())], b"JUNK", 2048)
    chunks[-1] = (b"JUNK", b"x" * len(chunks[-1][1]))
    path.write_bytes(wav(chunks, samples(100)))
    copied(path, target)
    assert chunks_of(target)[0][-1] == chunks[-1]
