"""Chunks of AIFF and CAF, and the annotation of AU."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import mutagen.aiff
import numpy as np
import pytest
import soundfile
from copies import copied
from recorder_files import Chunks, chunks_of, pack


def aiff_file(path: Path) -> Any:
    """As mutagen reads it."""
    return mutagen.aiff.AIFF(path)


AUDIO = np.random.default_rng(0).uniform(-0.3, 0.3, (3000, 2))


def mark(*marks: tuple[int, int, str]) -> bytes:
    parts = [
        struct.pack(">HIB", number, place, len(name)) + name.encode() + bytes((len(name) + 1) % 2)
        for number, place, name in marks
    ]
    return struct.pack(">H", len(marks)) + b"".join(parts)


def comment(*comments: tuple[int, str]) -> bytes:
    parts = [
        struct.pack(">IHH", 7, number, len(text)) + text.encode() + bytes(len(text) % 2)
        for number, text in comments
    ]
    return struct.pack(">H", len(comments)) + b"".join(parts)


def aiff(path: Path, before: Chunks, behind: Chunks, subtype: str = "PCM_16") -> Path:
    """As libsndfile writes it, with more chunks around the samples."""
    soundfile.write(path, AUDIO, 48000, subtype, format="AIFF")
    content = path.read_bytes()
    at = content.index(b"SSND")
    body = content[8:at] + b"".join(pack(*each, ">") for each in before) + content[at:]
    body += b"".join(pack(*each, ">") for each in behind)
    path.write_bytes(b"FORM" + struct.pack(">I", len(body)) + body)
    return path


INST = struct.pack(">bbbbbbhHHHHHH", 60, 0, 0, 127, 1, 127, 0, 1, 1, 2, 1, 2, 3)
BEFORE: Chunks = [
    (b"NAME", b"Wald"),
    (b"MARK", mark((1, 100, "a"), (2, 1500, "be"), (3, 2000, ""))),
    (b"INST", INST),
]
BEHIND: Chunks = [
    (b"COMT", comment((0, "all"), (1, "odd"), (2, "x"))),
    (b"APPL", b"stocodd"),
    (b"(c) ", b"me"),
    (b"AUTH", b"A"),
    (b"ANNO", b"note"),
]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_aiff_is_the_same_file(tmp_path: Path, subtype: str) -> None:
    source = aiff(tmp_path / "a.aiff", BEFORE, BEHIND, subtype)
    assert copied(source, tmp_path / "b.aiff") == ()
    old, new = chunks_of(source), chunks_of(tmp_path / "b.aiff")
    if subtype == "FLOAT":  # the time of day in it
        old, new = (([each for each in found[0] if each[0] != b"PEAK"], *found[1:]) for found in (old, new))
    # Codes of zero are one of two with u-law.
    assert (new[0], new[2]) == (old[0], old[2]) and (new[1] == old[1] or subtype == "ULAW")


def test_aiff_of_a_stretch_has_its_marks(tmp_path: Path) -> None:
    source, target = aiff(tmp_path / "a.aiff", BEFORE, BEHIND), tmp_path / "b.aiff"
    copied(source, target, 1000, 2100)
    before, _, behind = chunks_of(target)
    assert dict(before)[b"MARK"] == mark((2, 500, "be"), (3, 1000, ""))
    assert dict(behind)[b"COMT"] == comment((0, "all"), (2, "x"))
    # The first loop lies between marks of which one is gone; the second is whole.
    assert dict(before)[b"INST"] == INST[:8] + bytes(6) + INST[14:]
    assert soundfile.info(target).frames == 1100


def test_aiff_with_id3_is_read_by_mutagen(tmp_path: Path) -> None:
    source = aiff(tmp_path / "a.aiff", [], [])
    file = aiff_file(source)
    file.add_tags()
    file.tags.add(mutagen.id3.TIT2(encoding=3, text="Wald"))
    file.save()
    copied(source, tmp_path / "b.aiff")
    assert aiff_file(tmp_path / "b.aiff").tags["TIT2"].text == ["Wald"]
    assert (tmp_path / "b.aiff").read_bytes() == source.read_bytes()


def caf(path: Path, before: Chunks, behind: Chunks, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, AUDIO, 48000, subtype, format="CAF")
    content = path.read_bytes()
    at = content.index(b"data\0\0")

    def packed(chunks: Chunks) -> bytes:
        return b"".join(struct.pack(">4sQ", name, len(body)) + body for name, body in chunks)

    path.write_bytes(content[:at] + packed(before) + content[at:] + packed(behind))
    return path


def caf_chunks(path: Path) -> Chunks:
    content, position, found = path.read_bytes(), 8, []
    while position < len(content):
        name, size = struct.unpack_from(">4sQ", content, position)
        found.append((name, content[position + 12 : position + 12 + size]))
        position += 12 + size
    return found


def marker(place: float, number: int) -> bytes:
    return struct.pack(">IdI8sI", 0, place, number, bytes(8), 0)


CAF_MARK = struct.pack(">II", 0, 2) + marker(100.0, 1) + marker(1500.5, 2)
CAF_INFO = struct.pack(">I", 2) + b"title\0Wald\0artist\0A\0"


def test_caf_is_the_same_file(tmp_path: Path) -> None:
    behind = [(b"strg", b"x" * 7), (b"uuid", bytes(range(16)) + b"own"), (b"umid", bytes(64))]
    source = caf(tmp_path / "a.caf", [(b"info", CAF_INFO), (b"mark", CAF_MARK)], behind)
    assert copied(source, tmp_path / "b.caf") == ()
    assert (tmp_path / "b.caf").read_bytes() == source.read_bytes()


def test_caf_of_a_stretch_and_its_overview(tmp_path: Path) -> None:
    behind = [(b"ovvw", bytes(40)), (b"regn", bytes(12)), (b"mark", CAF_MARK)]
    source = caf(tmp_path / "a.caf", [], behind)
    assert copied(source, tmp_path / "b.caf", 1000, 2100) == ("regn",)
    found = dict(caf_chunks(tmp_path / "b.caf"))
    assert found[b"mark"] == struct.pack(">II", 0, 1) + marker(500.5, 2)
    assert not {b"ovvw", b"regn"} & found.keys()


def test_caf_of_packets(tmp_path: Path) -> None:
    """The table of packets has another length than the one of the recording."""
    source = caf(tmp_path / "a.caf", [(b"info", CAF_INFO)], [(b"strg", b"x")], "ALAC_24")
    assert copied(source, tmp_path / "b.caf", 0, 1000) == ()
    found = dict(caf_chunks(tmp_path / "b.caf"))
    assert found[b"info"] == CAF_INFO and found[b"strg"] == b"x" and b"pakt" in found
    np.testing.assert_array_equal(soundfile.read(tmp_path / "b.caf")[0], soundfile.read(source)[0][:1000])


def test_annotation_of_au(tmp_path: Path) -> None:
    source = tmp_path / "a.au"
    soundfile.write(source, AUDIO, 48000, "PCM_16")
    content = source.read_bytes()
    source.write_bytes(
        content[:4] + struct.pack(">I", 24 + 12) + content[8:24] + b"Wald im Mai\0" + content[24:]
    )
    assert copied(source, tmp_path / "b.au") == ()
    assert (tmp_path / "b.au").read_bytes() == source.read_bytes()
    assert copied(source, tmp_path / "b.flac") == ("annotation",)
